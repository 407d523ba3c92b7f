import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { SimCall } from "./call.ts";
import type { Document } from "./follower.ts";
import type { Recordings } from "./recordings.ts";

/** A REST request that goes wrong: an HTTP status, or an answer that comes late. */
export type RestFault = { kind: "http"; status: number } | { kind: "slow"; ms: number };

export interface SentMessage {
  sid: string;
  params: Record<string, string | string[]>;
}

export interface RestOptions {
  account_sid: string;
  auth_token: string;
  recordings: Recordings;
  calls: ReadonlyMap<string, SimCall>;
  redirect(call: SimCall, document: Document): void;
  place(params: Record<string, string>): SimCall;
  sent(message: SentMessage): void;
  violation(call_sid: string, code: number, reason: string): void;
}

const url = z.url({ protocol: /^https?$/ });
const callUpdate = z.union([
  z.strictObject({ Twiml: z.string().min(1).max(4000) }),
  z.strictObject({ Url: url, Method: z.enum(["GET", "POST"]).optional() }),
  z.strictObject({ Status: z.enum(["completed", "canceled"]) }),
]);
const callCreate = z.strictObject({
  To: z.string().min(1),
  From: z.string().min(1),
  Url: url.optional(),
  Method: z.enum(["GET", "POST"]).optional(),
  Twiml: z.string().max(4000).optional(),
  StatusCallback: url.optional(),
  StatusCallbackEvent: z.union([z.string(), z.array(z.string())]).optional(),
  Timeout: z.string().optional(),
});
const address = z.string().regex(/^(whatsapp:)?\+[1-9]\d{6,14}$/);
const messageCreate = z
  .strictObject({
    To: address,
    From: address.optional(),
    MessagingServiceSid: z.string().startsWith("MG").optional(),
    Body: z.string().max(1600).optional(),
    MediaUrl: z.union([url, z.array(url).max(10)]).optional(),
    ContentSid: z.string().startsWith("HX").optional(),
    ContentVariables: z.string().optional(),
    StatusCallback: url.optional(),
  })
  .refine(({ Body, MediaUrl, ContentSid }) => Body ?? MediaUrl ?? ContentSid, {
    message: "A text message body or media urls must be specified.",
  })
  .refine(({ From, MessagingServiceSid }) => From ?? MessagingServiceSid, {
    message: "A 'From' phone number is required.",
  });

class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Twilio's REST API, the part the product uses. */
export class RestApi {
  readonly faults: RestFault[] = [];
  readonly requests: { method: string; path: string; status: number }[] = [];
  #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const path = new URL(request.url ?? "/", "http://sim").pathname;
    const log = { method, path, status: 200 };
    this.requests.push(log);
    const send = (status: number, type: string, body: string | Buffer) => {
      log.status = status;
      response.writeHead(status, { "content-type": type }).end(body);
    };
    try {
      const body = await read(request);
      await this.#fail();
      this.#authorize(request);
      const answer = this.#answer(method, path, formOf(body));
      if (answer.file) send(200, answer.file.type, answer.file.body);
      else send(answer.status, "application/json", JSON.stringify(answer.json));
    } catch (error) {
      const known = error instanceof Refusal ? error : new Refusal(500, 20_500, String(error));
      const { status, code, message } = known;
      const more_info = `https://www.twilio.com/docs/errors/${code}`;
      send(status, "application/json", JSON.stringify({ code, message, more_info, status }));
    }
  }

  async #fail(): Promise<void> {
    const fault = this.faults.shift();
    if (fault?.kind === "slow") await sleep(fault.ms);
    if (fault?.kind === "http") throw new Refusal(fault.status, 20_000 + fault.status, "Injected");
  }

  #authorize({ headers }: IncomingMessage): void {
    const { account_sid, auth_token } = this.#options;
    const expected = Buffer.from(`${account_sid}:${auth_token}`).toString("base64");
    if (headers.authorization !== `Basic ${expected}`) {
      throw new Refusal(401, 20_003, "Authenticate");
    }
  }

  #answer(method: string, path: string, form: Record<string, string | string[]>): Answer {
    const base = `/2010-04-01/Accounts/${this.#options.account_sid}`;
    const route = path.startsWith(`${base}/`) ? `${method} ${path.slice(base.length)}` : "";
    if (route === "POST /Calls.json") return this.#createCall(form);
    if (route === "POST /Messages.json") return this.#createMessage(form);
    const call = /^(GET|POST) \/Calls\/(CA[0-9a-f]{32})\.json$/.exec(route);
    if (call) return this.#call(call[2] ?? "", method === "POST" ? form : null);
    const recording = /^(GET|DELETE) \/Recordings\/(RE[0-9a-f]{32})(\.json|\.wav|\.mp3)?$/.exec(
      route,
    );
    if (recording) return this.#recording(recording[2] ?? "", recording[3] ?? ".wav", method);
    if (method !== "GET") this.#options.violation("-", 20_404, `${method} ${path}`);
    throw notFound(path);
  }

  #call(sid: string, form: Record<string, string | string[]> | null): Answer {
    const call = this.#options.calls.get(sid);
    if (!call) throw notFound(sid);
    if (!form) return { status: 200, json: callResource(call, this.#options.account_sid) };
    const update = this.#parse(callUpdate, form, sid);
    if (call.status !== "in-progress" && call.status !== "ringing") {
      throw new Refusal(400, 21_220, "Call is not in-progress. Cannot redirect.");
    }
    if ("Twiml" in update) this.#options.redirect(call, { twiml: update.Twiml });
    else if ("Url" in update) {
      const { Url, Method = "POST" } = update;
      this.#options.redirect(call, { kind: "document", url: Url, method: Method, params: {} });
    } else {
      call.report("completed_by_rest");
      call.over.abort();
    }
    return { status: 200, json: callResource(call, this.#options.account_sid) };
  }

  #createCall(form: Record<string, string | string[]>): Answer {
    const params = this.#parse(callCreate, form, "-");
    const call = this.#options.place(
      Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
    );
    return { status: 201, json: callResource(call, this.#options.account_sid) };
  }

  #createMessage(form: Record<string, string | string[]>): Answer {
    const params = this.#parse(messageCreate, form, "-") as SentMessage["params"];
    const sid = `SM${randomBytes(16).toString("hex")}`;
    this.#options.sent({ sid, params });
    const { To: to, From: from = null, Body: body = "" } = params;
    const { account_sid } = this.#options;
    const json = { sid, account_sid, to, from, body, status: "queued", error_code: null };
    return { status: 201, json };
  }

  #recording(sid: string, extension: string, method: string): Answer {
    const { recordings, account_sid } = this.#options;
    const recording = recordings.all.get(sid);
    if (!recording) throw notFound(sid);
    if (method === "DELETE") {
      recordings.all.delete(sid);
      return { status: 204, json: null };
    }
    if (extension !== ".json") return { status: 200, file: recordings.file(recording, extension) };
    const { call_sid, duration_seconds } = recording;
    const json = { sid, account_sid, call_sid, duration: String(duration_seconds) };
    return { status: 200, json: { ...json, status: "completed", channels: 1 } };
  }

  #parse<T>(schema: z.ZodType<T>, form: Record<string, string | string[]>, call_sid: string): T {
    const parsed = schema.safeParse(form);
    if (parsed.success) return parsed.data;
    const reason = z.prettifyError(parsed.error);
    this.#options.violation(call_sid, 20_001, reason);
    throw new Refusal(400, 20_001, reason);
  }
}

interface Answer {
  status: number;
  json?: unknown;
  file?: { type: string; body: Buffer };
}

function notFound(what: string): Refusal {
  return new Refusal(404, 20_404, `The requested resource ${what} was not found`);
}

function callResource(call: SimCall, account_sid: string): Record<string, unknown> {
  const { sid, to, from, status, placed_at } = call;
  const start_time = placed_at.toUTCString();
  const resource = { sid, account_sid, to, from, status, start_time, direction: "inbound" };
  return { ...resource, api_version: "2010-04-01", end_time: null, duration: null };
}

function formOf(body: string): Record<string, string | string[]> {
  const form: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(body)) {
    const before = form[name];
    form[name] = before === undefined ? value : [before, value].flat();
  }
  return form;
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
