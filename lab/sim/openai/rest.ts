import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { transcribe } from "../../speech/recognise.ts";
import { mulawOfWav } from "../../speech/wav.ts";
import type { BrainReply, BrainState } from "./brain.ts";
import type { Violation } from "./connection.ts";
import { chatAnswer, chatState, responsesAnswer, responsesState, unpaired } from "./rest-chat.ts";
import { chatRequest, responsesRequest, transcriptionFields } from "./rest-schemas.ts";

/** A REST answer that goes wrong. */
export type RestFault =
  /** `retry_after` in seconds */
  | { kind: "http"; status: number; retry_after?: number }
  /** The answer comes late. */
  | { kind: "slow"; ms: number }
  /** No answer ever comes. */
  | { kind: "hang" }
  /** The connection is cut instead of an answer. */
  | { kind: "reset" };

export interface RestRequest {
  method: string;
  path: string;
  status: number;
  body: unknown;
}

export interface RestOptions {
  think(state: BrainState): BrainReply | Promise<BrainReply>;
  authorized(request: IncomingMessage): boolean;
  requests: RestRequest[];
  onViolation(violation: Violation): void;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly retry_after: number | undefined;

  constructor(status: number, code: string, message: string, retry_after?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retry_after = retry_after;
  }
}

const models = ["gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-5.2", "gpt-transcribe"];
const max_file = 25 * 1024 * 1024;

/** The REST half of the simulator. */
export class RestApi {
  /** Each strikes once. */
  readonly faults: { path: string; fault: RestFault }[] = [];
  /** By the end of the path; each strikes every time. */
  readonly lasting = new Map<string, RestFault>();
  /** What is said in sounds that can't be listened to here, by their bytes. */
  readonly sounds = new Map<string, string>();
  #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const path = new URL(request.url ?? "/", "http://sim").pathname;
    const log: RestRequest = { method, path, status: 200, body: null };
    this.#options.requests.push(log);
    try {
      const body = await read(request);
      if (await this.#fail(path, response)) return;
      if (!this.#options.authorized(request)) {
        throw new Refusal(401, "invalid_api_key", "Incorrect API key provided.");
      }
      const answer = await this.#answer(`${method} ${path}`, body, request, log);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, "server_error", String(error));
      log.status = refusal.status;
      const { code, message, retry_after } = refusal;
      const type = refusal.status < 500 ? "invalid_request_error" : "server_error";
      response.writeHead(refusal.status, {
        "content-type": "application/json",
        ...(retry_after !== undefined && { "retry-after": String(retry_after) }),
      });
      response.end(JSON.stringify({ error: { message, type, code, param: null } }));
    }
  }

  /** True when there will be no answer. */
  async #fail(path: string, response: ServerResponse): Promise<boolean> {
    const at = this.faults.findIndex((one) => path.endsWith(one.path));
    const [once] = at >= 0 ? this.faults.splice(at, 1) : [];
    const lasting = [...this.lasting].find(([end]) => path.endsWith(end));
    const fault = once?.fault ?? lasting?.[1];
    switch (fault?.kind) {
      case "hang":
        return true;
      case "reset":
        response.destroy();
        return true;
      case "slow":
        await sleep(fault.ms);
        return false;
      case "http":
        throw new Refusal(
          ...([
            fault.status,
            "injected",
            "Injected by the laboratory.",
            fault.retry_after,
          ] as const),
        );
    }
    return false;
  }

  async #answer(
    route: string,
    body: Buffer,
    request: IncomingMessage,
    log: RestRequest,
  ): Promise<unknown> {
    switch (route) {
      case "GET /v1/models":
        return { object: "list", data: models.map(model) };
      case "POST /v1/chat/completions": {
        const parsed = this.#parse(chatRequest, body, route, log);
        return chatAnswer(parsed.model, await this.#options.think(chatState(parsed)));
      }
      case "POST /v1/responses": {
        const parsed = this.#parse(responsesRequest, body, route, log);
        const [alone] = unpaired(parsed);
        if (alone) throw this.#refused(route, `No tool output found for function call ${alone}.`);
        return responsesAnswer(parsed.model, await this.#options.think(responsesState(parsed)));
      }
      case "POST /v1/audio/transcriptions":
        return this.#transcription(body, request, log);
    }
    if (/^GET \/v1\/models\/[^/]+$/.test(route)) return model(route.split("/").at(-1) ?? "");
    this.#options.onViolation({ connection: "-", reason: "no such address", event: route });
    throw new Refusal(404, "unknown_url", `Invalid URL (${route})`);
  }

  #parse<T>(schema: z.ZodType<T>, body: Buffer, route: string, log: RestRequest): T {
    let json: unknown;
    try {
      json = JSON.parse(body.toString());
    } catch {
      throw this.#refused(route, "We could not parse the JSON body of your request.");
    }
    log.body = json;
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw this.#refused(route, z.prettifyError(parsed.error));
    return parsed.data;
  }

  async #transcription(body: Buffer, request: IncomingMessage, log: RestRequest) {
    const route = "POST /v1/audio/transcriptions";
    const headers = { "content-type": request.headers["content-type"] ?? "" };
    const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => null);
    const file = form?.get("file");
    if (!form || !(file instanceof File)) throw this.#refused(route, "multipart with a file");
    const fields = Object.fromEntries([...form].filter(([name]) => name !== "file"));
    log.body = { ...fields, file: { name: file.name, size: file.size } };
    const parsed = transcriptionFields.safeParse(fields);
    if (!parsed.success) throw this.#refused(route, z.prettifyError(parsed.error));
    if (file.size > max_file) throw new Refusal(413, "file_too_large", "Maximum is 25 MB.");
    const audio = Buffer.from(await file.arrayBuffer());
    if (!/\.(wav|mp3|mp4|mpeg|mpga|m4a|webm|ogg|flac)$/.test(file.name)) {
      throw this.#refused(route, `Invalid file format: ${file.name}`);
    }
    // Only WAV can be listened to here; other sound is known beforehand, or unintelligible.
    const known = this.sounds.get(audio.toString("base64"));
    const text = known ?? (file.name.endsWith(".wav") ? transcribe(mulawOfWav(audio)) : "");
    return { text, usage: { type: "duration", seconds: Math.round(audio.length / 8000) } };
  }

  #refused(route: string, reason: string): Refusal {
    this.#options.onViolation({ connection: "-", reason, event: route });
    return new Refusal(400, "invalid_value", reason);
  }
}

function model(id: string) {
  return { id, object: "model", created: 1_790_000_000, owned_by: "system" };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
