import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { SimCall } from "./call.ts";
import type { Document } from "./follower.ts";
import type { MessagesApi } from "./messages-api.ts";
import type { Recording, Recordings } from "./recordings.ts";
import { notFound, Refusal, type Answer, type Form } from "./refusal.ts";

/**
 * A REST request that goes wrong: an HTTP status, an answer that comes late, or a connection that is
 * cut, before the request was done or after.
 */
export type RestFault =
  | { kind: "http"; status: number; code?: number }
  | { kind: "slow"; ms: number }
  | { kind: "cut"; done: boolean };

export interface RestOptions {
  account_sid: string;
  auth_token: string;
  recordings: Recordings;
  calls: ReadonlyMap<string, SimCall>;
  redirect(call: SimCall, document: Document): void;
  place(params: Record<string, string>): SimCall;
  messages: MessagesApi;
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
    const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://sim");
    const log = { method, path, status: 200 };
    this.requests.push(log);
    const send = (status: number, type: string, body: string | Buffer) => {
      log.status = status;
      response.writeHead(status, { "content-type": type }).end(body);
    };
    try {
      const body = await read(request);
      const cut = await this.#fail();
      this.#authorize(request);
      if (cut === "undone") return void request.socket.destroy();
      const answer = this.#answer(method, path, query, formOf(body));
      if (cut === "done") return void request.socket.destroy();
      if (answer.file) send(200, answer.file.type, answer.file.body);
      else send(answer.status, "application/json", JSON.stringify(answer.json));
    } catch (error) {
      const known = error instanceof Refusal ? error : new Refusal(500, 20_500, String(error));
      const { status, code, message } = known;
      const more_info = `https://www.twilio.com/docs/errors/${code}`;
      send(status, "application/json", JSON.stringify({ code, message, more_info, status }));
    }
  }

  /** Whether the connection is to be cut, and when. */
  async #fail(): Promise<"done" | "undone" | undefined> {
    const fault = this.faults.shift();
    if (fault?.kind === "slow") await sleep(fault.ms);
    if (fault?.kind === "http") {
      throw new Refusal(fault.status, fault.code ?? 20_000 + fault.status, "Injected");
    }
    return fault?.kind === "cut" ? (fault.done ? "done" : "undone") : undefined;
  }

  #authorize({ headers }: IncomingMessage): void {
    const { account_sid, auth_token } = this.#options;
    const expected = Buffer.from(`${account_sid}:${auth_token}`).toString("base64");
    if (headers.authorization !== `Basic ${expected}`) {
      throw new Refusal(401, 20_003, "Authenticate");
    }
  }

  #answer(method: string, path: string, query: URLSearchParams, form: Form): Answer {
    const { messages } = this.#options;
    if (method === "GET" && path.startsWith("/v1/")) return messages.content(path, query);
    const base = `/2010-04-01/Accounts/${this.#options.account_sid}`;
    const route = path.startsWith(`${base}/`) ? `${method} ${path.slice(base.length)}` : "";
    if (route === "POST /Calls.json") return this.#createCall(form);
    if (route === "GET /Calls.json") return this.#listCalls(query);
    const message = messages.answer(route, query, form);
    if (message) return message;
    const call = /^(GET|POST) \/Calls\/(CA[0-9a-f]{32})\.json$/.exec(route);
    if (call) return this.#call(call[2] ?? "", method === "POST" ? form : null);
    const left = /^GET \/Calls\/(CA[0-9a-f]{32})\/Recordings\.json$/.exec(route);
    if (left) return this.#recordingsOf(left[1] ?? "");
    const recording = /^(GET|DELETE) \/Recordings\/(RE[0-9a-f]{32})(\.json|\.wav|\.mp3)?$/.exec(
      route,
    );
    if (recording) return this.#recording(recording[2] ?? "", recording[3] ?? ".wav", method);
    if (method !== "GET") this.#options.violation("-", 20_404, `${method} ${path}`);
    throw notFound(path);
  }

  #call(sid: string, form: Form | null): Answer {
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

  #listCalls(query: URLSearchParams): Answer {
    const { calls, account_sid } = this.#options;
    const after = Date.parse(query.get("StartTime>") ?? "") || 0;
    const found = [...calls.values()].filter(({ placed_at }) => placed_at.getTime() >= after);
    const json = { calls: found.map((call) => callResource(call, account_sid)) };
    return { status: 200, json: { ...json, next_page_uri: null } };
  }

  #recordingsOf(call_sid: string): Answer {
    const all = [...this.#options.recordings.all.values()];
    const recordings = all
      .filter((one) => one.call_sid === call_sid)
      .map((one) => recordingResource(one, this.#options.account_sid));
    return { status: 200, json: { recordings, next_page_uri: null } };
  }

  #createCall(form: Form): Answer {
    const params = this.#parse(callCreate, form, "-");
    const call = this.#options.place(
      Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
    );
    return { status: 201, json: callResource(call, this.#options.account_sid) };
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
    return { status: 200, json: recordingResource(recording, account_sid) };
  }

  #parse<T>(schema: z.ZodType<T>, form: Form, call_sid: string): T {
    const parsed = schema.safeParse(form);
    if (parsed.success) return parsed.data;
    const reason = z.prettifyError(parsed.error);
    this.#options.violation(call_sid, 20_001, reason);
    throw new Refusal(400, 20_001, reason);
  }
}

function callResource(call: SimCall, account_sid: string): Record<string, unknown> {
  const { sid, to, from, status, placed_at, started_at } = call;
  const start_time = placed_at.toUTCString();
  const resource = { sid, account_sid, to, from, status, start_time, direction: "inbound" };
  const end = call.events.find(({ type }) => type === "ended");
  const ms = end ? end.at - started_at : 0;
  const ended = {
    end_time: end ? new Date(placed_at.getTime() + ms).toUTCString() : null,
    duration: end ? String(Math.ceil(ms / 1000)) : null,
  };
  return { ...resource, ...ended, api_version: "2010-04-01" };
}

function recordingResource({ sid, call_sid, duration_seconds }: Recording, account_sid: string) {
  const fields = { sid, account_sid, call_sid, duration: String(duration_seconds) };
  return { ...fields, status: "completed", channels: 1 };
}

function formOf(body: string): Form {
  const form: Form = {};
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
