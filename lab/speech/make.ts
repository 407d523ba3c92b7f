/**
 * Renders phrases.json and the agent's syllables to 8 kHz µ-law with espeak-ng's Hebrew voice.
 *
 * espeak-ng reads unpointed Hebrew badly, so each phrase carries its pronunciation in espeak's
 * own phoneme names (`say`); the text beside it is what a person would write.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeMulaw } from "./mulaw.ts";
import { comfortNoise, cough } from "./noise.ts";
import { syllables } from "./syllables.ts";

interface Source {
  id: string;
  role: "caller" | "agent" | "background";
  text: string;
  say: string;
}

const here = import.meta.dirname;
const out = join(here, "audio");
const work = mkdtempSync(join(tmpdir(), "speech-"));

if (process.argv.includes("--help")) {
  console.log("Usage: lab/speech/make\nRenders every recording in lab/speech/audio again.");
  process.exit(0);
}

/** Voice, pitch (0–99) and speed (words a minute) of each speaker. */
const speakers = {
  caller: ["he", "45", "150"],
  background: ["he+m7", "30", "165"],
  agent: ["he+f3", "60", "165"],
  syllable: ["he+f3", "60", "320"],
} as const;

function espeak(role: keyof typeof speakers, phonemes: string): string {
  const wav = join(work, "speech.wav");
  const [voice, pitch, speed] = speakers[role];
  const text = `[[${phonemes}]]`;
  execFileSync("espeak-ng", ["-v", voice, "-p", pitch, "-s", speed, "-w", wav, text]);
  return wav;
}

/** Telephone band, silence cut at both ends, peak at −6 dB. */
function telephone(wav: string): Buffer {
  const band = ["highpass", "200", "lowpass", "3400"];
  const cut = ["silence", "1", "0.01", "0.5%", "reverse"];
  const raw = ["-r", "8000", "-c", "1", "-e", "mu-law", "-t", "raw", "-"];
  return execFileSync("sox", [
    "-D",
    "-v",
    "0.7",
    wav,
    ...raw,
    ...band,
    ...cut,
    ...cut,
    "norm",
    "-6",
  ]);
}

/** 24 kHz mono MP3 without header frame or bit reservoir, so that files can be joined. */
function mp3(ulaw: string): Buffer {
  const input = ["-f", "mulaw", "-ar", "8000", "-ac", "1", "-i", ulaw];
  const codec = ["-ar", "24000", "-c:a", "libmp3lame", "-b:a", "32k", "-reservoir", "0"];
  const plain = ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "-"];
  return execFileSync("ffmpeg", ["-v", "error", ...input, ...codec, ...plain]);
}

function write(name: string, data: Buffer): void {
  writeFileSync(join(out, name), data);
  console.log(`${name} ${data.length} bytes`);
}

mkdirSync(out, { recursive: true });
const phrases = JSON.parse(readFileSync(join(here, "phrases.json"), "utf8")) as Source[];
for (const phrase of phrases) {
  write(`${phrase.id}.ulaw`, telephone(espeak(phrase.role, phrase.say)));
}

const spoken: Buffer[] = [];
const encoded: Buffer[] = [];
for (const [letter, phonemes] of Object.entries(syllables)) {
  const audio = telephone(espeak("syllable", phonemes));
  const path = join(work, "syllable.ulaw");
  writeFileSync(path, audio);
  spoken.push(audio);
  encoded.push(mp3(path));
  console.log(`${letter} ${audio.length / 8} ms`);
}
const lengths = (parts: Buffer[]) => parts.map((part) => part.length);
write("syllables.ulaw", Buffer.concat(spoken));
write("syllables.mp3", Buffer.concat(encoded));
const index = { letters: Object.keys(syllables), ulaw: lengths(spoken), mp3: lengths(encoded) };
writeFileSync(join(out, "syllables.json"), JSON.stringify(index));
execFileSync("npx", ["oxfmt", join(out, "syllables.json")]);

/** A voice note as WhatsApp and Google encode it. */
function opus(ulaw: string): Buffer {
  const input = ["-f", "mulaw", "-ar", "8000", "-ac", "1", "-i", ulaw];
  const codec = ["-c:a", "libopus", "-b:a", "16k", "-fflags", "+bitexact", "-f", "ogg", "-"];
  return execFileSync("ffmpeg", ["-v", "error", ...input, ...codec]);
}
write("voice_note.ogg", opus(join(out, "agent_which_time.ulaw")));

write("cough.ulaw", encodeMulaw(cough()));
write("comfort_noise.ulaw", encodeMulaw(comfortNoise(2000)));
rmSync(work, { recursive: true });
