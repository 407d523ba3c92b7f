import { generateKeyPairSync } from "node:crypto";
import { TextToSpeechClient } from "@google-cloud/text-to-speech";
import { afterEach, beforeEach, expect, it } from "vitest";
import { mp3Ms } from "../../speech/mp3.ts";
import { speak } from "../../speech/voice.ts";
import { mulawOfWav } from "../../speech/wav.ts";
import { GoogleTtsSim } from "./index.ts";

let sim: GoogleTtsSim;
let client: TextToSpeechClient;

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const text = "השאירו הודעה ונחזור אליכם";
const voice = { languageCode: "he-IL", name: "he-IL-Wavenet-A" };

beforeEach(async () => {
  sim = await new GoogleTtsSim().start();
  const { hostname, port } = new URL(sim.endpoint);
  client = new TextToSpeechClient({
    credentials: { client_email: "tts@lab.iam.gserviceaccount.com", private_key: privateKey },
    projectId: "lab",
    fallback: true,
    protocol: "http",
    apiEndpoint: hostname,
    port: Number(port),
  });
});
afterEach(async () => {
  await client.close();
  await sim.stop();
});

async function audio(encoding: "MP3" | "MULAW" | "OGG_OPUS"): Promise<Buffer> {
  const [answer] = await client.synthesizeSpeech({
    input: { text },
    voice,
    audioConfig: { audioEncoding: encoding },
  });
  return Buffer.from(answer.audioContent as Uint8Array);
}

it("speaks MP3, µ-law and Opus", async () => {
  expect(mp3Ms(await audio("MP3"))).toBeGreaterThan(1500);
  expect(mulawOfWav(await audio("MULAW"))).toEqual(speak(text));
  expect((await audio("OGG_OPUS")).toString("latin1", 0, 4)).toBe("OggS");
  expect(sim.requests).toHaveLength(3);
  expect(sim.violations).toEqual([]);
});

it("lists the Hebrew voices", async () => {
  const [{ voices }] = await client.listVoices({ languageCode: "he-IL" });
  expect(voices?.map(({ name }) => name)).toContain(voice.name);
});

it.each([
  ["a voice that does not exist", { languageCode: "he-IL", name: "he-IL-Wavenet-Z" }, { text }],
  ["a voice of another language", { languageCode: "he-IL", name: "en-US-Wavenet-A" }, { text }],
  ["an empty text", voice, { text: "" }],
  ["an unknown field", voice, { text, prompt: "slowly" }],
])("counts %s as a violation", async (_, wanted, input) => {
  const request = { input, voice: wanted, audioConfig: { audioEncoding: "MP3" as const } };
  await expect(client.synthesizeSpeech(request)).rejects.toMatchObject({ code: 3 });
  expect(sim.violations).toHaveLength(1);
});

it("refuses a stranger and fails on command", async () => {
  const url = `${sim.endpoint}/v1/text:synthesize`;
  const response = await fetch(url, { method: "POST", body: "{}" });
  expect(response.status).toBe(401);
  sim.nextRequest({ kind: "empty" });
  expect(await audio("MP3")).toHaveLength(0);
  sim.nextRequest({ kind: "http", status: 403 });
  await expect(audio("MP3")).rejects.toThrow();
});
