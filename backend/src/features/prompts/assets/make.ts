/**
 * Makes the recordings in this folder, which are what an installation without Google credentials
 * speaks: `node backend/src/features/prompts/assets/make.ts`. Run it when `../texts.ts` changes.
 * Needs espeak-ng (its Hebrew voice) and ffmpeg; an installation needs neither.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROMPTS } from "../texts.ts";

const VOICE = ["-v", "he", "-s", "155", "-p", "42"];

// Espeak's voice is thin, sharp at 4–6 kHz and uneven: some body, less edge, less difference
// between loud and soft, and the silence at both ends cut to a breath.
const cut = "silenceremove=start_periods=1:start_threshold=-45dB:start_silence=0.04";
const FILTERS = [
  ...["highpass=f=100", "equalizer=f=220:t=q:w=1:g=3", "equalizer=f=4800:t=q:w=1:g=-5"],
  ...[cut, "areverse", cut, "areverse"],
  "acompressor=threshold=0.1:ratio=3:attack=5:release=80",
];
// Mean level, as a share of full scale: near what the realtime model speaks at (-20 dBFS).
const LEVEL_DB = -19;

const OUTPUT = {
  mp3: ["-ar", "24000", "-codec:a", "libmp3lame", "-b:a", "40k", "-f", "mp3"],
  ulaw: ["-ar", "8000", "-codec:a", "pcm_mulaw", "-f", "mulaw"],
};
const BAND = { mp3: [], ulaw: ["highpass=f=180", "lowpass=f=3500"] };

const folder = mkdtempSync(join(tmpdir(), "prompts-"));
for (const [name, { format, say }] of Object.entries(PROMPTS)) {
  // Each clause in phoneme brackets of its own, so that the commas and stops between are heard.
  // A question mark inside of a word is the phoneme of Alef.
  const clauses = say.replaceAll(/(\S.*?)([,.?])(?= |$)/g, "[[$1]]$2");
  const raw = join(folder, `${name}.wav`);
  execFileSync("espeak-ng", [...VOICE, "-w", raw, clauses]);
  const filters = [...FILTERS, ...BAND[format]].join(",");
  const volume = LEVEL_DB - meanLevel(raw, filters);
  const levelled = `${filters},volume=${volume.toFixed(2)}dB,alimiter=limit=0.7:level=disabled`;
  const target = join(import.meta.dirname, `${name}.${format}`);
  const plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"];
  ffmpeg("-i", raw, "-af", levelled, "-ac", "1", ...OUTPUT[format], ...plain, target);
  process.stdout.write(`${name}.${format}\n`);
}
rmSync(folder, { recursive: true });

function ffmpeg(...args: string[]): void {
  execFileSync("ffmpeg", ["-v", "error", "-y", ...args]);
}

/** In dBFS, of what comes out of the filters. */
function meanLevel(path: string, filters: string): number {
  const out = execFileSync("ffmpeg", [
    ...["-v", "error", "-i", path, "-ac", "1", "-ar", "24000"],
    ...["-af", filters, "-f", "s16le", "-"],
  ]);
  const samples = new Int16Array(out.buffer, out.byteOffset, out.length >> 1);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(power / 32_768 ** 2);
}
