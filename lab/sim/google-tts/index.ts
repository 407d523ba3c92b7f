import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { recording } from "../../speech/library.ts";
import { speak, speakMp3 } from "../../speech/voice.ts";
import { mulawWav, pcmWav } from "../../speech/wav.ts";

/** A request that goes wrong: an HTTP status, an answer that comes late, or empty audio. */
export type TtsFault =
  | { kind: "http"; status: number }
  | { kind: "slow"; ms: number }
  | { kind: "empty" };

export interface TtsViolation {
  reason: string;
  event: string;
}

const encodings = { 1: "LINEAR16", 2: "MP3", 3: "OGG_OPUS", 5: "MULAW" } as const;
const names = Object.values(encodings);
const encoding = z.union([
  z.enum(names),
  z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(5)]).transform((n) => encodings[n]),
]);
/** The Hebrew voices that exist; other languages are not checked by name. */
const hebrew = /^he-IL-(Standard-[A-D]|Wavenet-[A-D]|Chirp3-HD-[A-Z][a-z]+)$/;

const synthesis = z.strictObject({
  input: z.union([
    z.strictObject({ text: z.string().min(1).max(5000) }),
    z.strictObject({ ssml: z.string().startsWith("<speak").max(5000) }),
  ]),
  voice: z
    .strictObject({
      languageCode: z.string().regex(/^[a-z]{2,3}-[A-Z]{2}$/),
      name: z.string().optional(),
      ssmlGender: z.union([z.int().min(0).max(3), z.string()]).optional(),
    })
    .refine(({ languageCode, name }) => name === undefined || name.startsWith(languageCode), {
      message: "Requested language code and voice name do not match.",
    })
    .refine(
      ({ languageCode, name }) =>
        languageCode !== "he-IL" || name === undefined || hebrew.test(name),
      { message: "Voice does not exist." },
    ),
  audioConfig: z.strictObject({
    audioEncoding: encoding,
    speakingRate: z.number().min(0.25).max(2).optional(),
    pitch: z.number().min(-20).max(20).optional(),
    volumeGainDb: z.number().min(-96).max(16).optional(),
    sampleRateHertz: z.int().optional(),
    effectsProfileId: z.array(z.string()).optional(),
  }),
});

export type Synthesis = z.infer<typeof synthesis>;

const claims = z.object({ iss: z.email(), iat: z.number(), exp: z.number() });

class Refusal extends Error {
  readonly http: number;
  readonly status: string;

  constructor(http: number, status: string, message: string) {
    super(message);
    this.http = http;
    this.status = status;
  }
}

/**
 * Google's Text-to-Speech on loopback, over its REST transport. The client reaches it with
 * `{ fallback: true, protocol: "http", apiEndpoint: "127.0.0.1", port, credentials }`.
 */
export class GoogleTtsSim {
  /** What the client did that Google would refuse. Tests expect it to be empty. */
  readonly violations: TtsViolation[] = [];
  /** What was synthesised. */
  readonly requests: Synthesis[] = [];
  #server: Server | null = null;
  #port = 0;
  #faults: TtsFault[] = [];

  /** For GOOGLE_TTS_ENDPOINT: `http://127.0.0.1:<port>`. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start({ port = 0 } = {}): Promise<this> {
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** The next request fails in this way; calls queue up. */
  nextRequest(fault: TtsFault): void {
    this.#faults.push(fault);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, json: unknown) => {
      response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
      response.end(JSON.stringify(json));
    };
    try {
      const body = await read(request);
      send(200, await this.#answer(request, body));
    } catch (error) {
      const known = error instanceof Refusal ? error : new Refusal(500, "INTERNAL", String(error));
      const { http: code, status, message } = known;
      send(code, { error: { code, message, status } });
    }
  }

  async #answer(request: IncomingMessage, body: string): Promise<unknown> {
    const fault = this.#faults.shift();
    if (fault?.kind === "slow") await sleep(fault.ms);
    if (fault?.kind === "http") throw injected(fault.status);
    this.#authorize(request);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://sim");
    const route = `${request.method} ${pathname}`;
    if (route === "GET /v1/voices") return { voices: voices(searchParams.get("languageCode")) };
    if (route !== "POST /v1/text:synthesize") {
      throw this.#refused(route, 404, "NOT_FOUND", "no such address");
    }
    const parsed = synthesis.safeParse(JSON.parse(body));
    if (!parsed.success) {
      throw this.#refused(route, 400, "INVALID_ARGUMENT", z.prettifyError(parsed.error));
    }
    this.requests.push(parsed.data);
    const audio = fault?.kind === "empty" ? Buffer.alloc(0) : rendered(parsed.data);
    return { audioContent: audio.toString("base64") };
  }

  /** Accepts a service account's self-signed token in its time; its signature is not checked. */
  #authorize({ headers }: IncomingMessage): void {
    const [, payload = ""] = (headers.authorization ?? "").replace(/^Bearer /, "").split(".");
    try {
      const json: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
      const { iat, exp } = claims.parse(json);
      const now = Date.now() / 1000;
      if (iat <= now + 60 && exp > now) return;
    } catch {
      // Refused below, whatever is wrong with the token.
    }
    throw new Refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
  }

  #refused(event: string, http: number, status: string, reason: string): Refusal {
    this.violations.push({ reason, event });
    return new Refusal(http, status, reason);
  }
}

const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

function injected(http: number): Refusal {
  return new Refusal(http, statuses[http] ?? "INTERNAL", "Injected by the laboratory.");
}

function rendered({ input, audioConfig }: Synthesis): Buffer {
  const text = "text" in input ? input.text : input.ssml.replace(/<[^>]*>/g, " ");
  switch (audioConfig.audioEncoding) {
    case "MP3":
      return speakMp3(text);
    case "MULAW":
      return mulawWav(speak(text));
    case "LINEAR16":
      return pcmWav(speak(text));
    case "OGG_OPUS":
      // One recorded sentence stands for every text: Opus cannot be joined from syllables.
      return recording("voice_note.ogg");
  }
}

function voices(language: string | null) {
  const all = ["Standard", "Wavenet"].flatMap((kind) =>
    ["A", "B", "C", "D"].map((letter, i) => ({
      languageCodes: ["he-IL"],
      name: `he-IL-${kind}-${letter}`,
      ssmlGender: i % 2 === 0 ? "FEMALE" : "MALE",
      naturalSampleRateHertz: 24_000,
    })),
  );
  return language && !"he-IL".startsWith(language) ? [] : all;
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
