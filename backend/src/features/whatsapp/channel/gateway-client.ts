import { GatewaySession, Problem } from "@agentlocator/contract";
import type { GatewaySend } from "@agentlocator/contract";
import { z } from "zod";
import { GatewayRefused, GatewayUnreachable } from "./gateway-errors.ts";

/** The gateway is beside us, so it answers at once or is in trouble. Milliseconds. */
const USUAL_MS = 5000;
/** Asks WhatsApp before it answers. */
const AT_WHATSAPP_MS = 30_000;
const MEDIA_MS = 120_000;
const LONGEST_ANSWER = 4_000_000;
const NO_CONNECTION = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

const Started = GatewaySession.pick({ state: true, qr: true });
const All = z.object({ sessions: z.array(GatewaySession) });
const Code = z.object({ code: z.string().min(1) });
const Sent = z.object({ ok: z.literal(true), messageId: z.string().min(1) });
const SendState = z.object({
  messageId: z.string().nullable(),
  state: z.enum(["journalled", "written", "sent", "delivered", "read", "failed", "not_sent"]),
  error: z.string().nullable(),
});
const Cancelled = z.object({ cancelled: z.boolean() });

export type GatewaySendState = z.infer<typeof SendState>;

export interface GatewayMediaBytes {
  readonly content_type: string;
  /** Ends with an error when the bytes stop coming; nothing limits its size here. */
  readonly body: ReadableStream<Uint8Array>;
}

/** All sessions that could be asked about. */
export interface Overview {
  readonly sessions: GatewaySession[];
  /** Businesses of which nobody could tell. */
  readonly silent: ReadonlySet<number>;
}

/** The WhatsApp gateway's HTTP API. Everything may throw GatewayUnreachable or GatewayRefused. */
export interface GatewayClient {
  /** Starts the business's session; one that runs stays as it is. */
  start(business_id: number): Promise<z.infer<typeof Started>>;
  /** Null: the gateway has no such session. @param timeout_ms how long the answer may take */
  session(business_id: number, timeout_ms?: number): Promise<GatewaySession | null>;
  sessions(): Promise<Overview>;
  /** The code to type on the phone. @param phone E.164 */
  pairingCode(business_id: number, phone: string): Promise<string>;
  /** Logs out at WhatsApp and erases the pairing. */
  remove(business_id: number): Promise<void>;
  send(message: GatewaySend): Promise<{ messageId: string }>;
  /** What became of a send; null: the gateway never saw it. */
  sendState(business_id: number, idempotency_key: string): Promise<GatewaySendState | null>;
  /** Withdraws a send for good; false: it may be with WhatsApp already. */
  cancelSend(business_id: number, idempotency_key: string): Promise<boolean>;
  read(business_id: number, messages: { id: string; remoteJid: string }[]): Promise<void>;
  typing(business_id: number, to: string, on: boolean): Promise<void>;
  /** Null: the media is gone. */
  media(business_id: number, ref: string): Promise<GatewayMediaBytes | null>;
}

interface Asked {
  body?: object;
  timeout_ms?: number;
  /** An answer of this status counts as well. */
  even?: number;
}

/** @param options.url the gateway's base URL, without a slash at its end */
export function createGatewayClient(options: { url: string; secret: string }): GatewayClient {
  async function ask(method: string, path: string, asked: Asked = {}): Promise<Response> {
    const { body, timeout_ms = USUAL_MS, even } = asked;
    const response = await fetch(options.url + path, {
      method,
      // The secret goes to this address and not where it may point.
      redirect: "error",
      headers: {
        "X-BAILEYS-SECRET": options.secret,
        ...(body && { "Content-Type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeout_ms),
    }).catch((error: unknown) => {
      const why = whyNot(error);
      throw new GatewayUnreachable(`The gateway did not answer: ${why}`, NO_CONNECTION.has(why));
    });
    if (!response.ok && response.status !== even) throw await refusal(response);
    return response;
  }

  async function json<T>(answer: Promise<Response>, schema: z.ZodType<T>): Promise<T> {
    const parsed = schema.safeParse(parseJson(await textOf(await answer)));
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join(".");
    throw new GatewayUnreachable(`The gateway's answer can't be understood: ${where || "no JSON"}`);
  }

  const done = async (answer: Promise<Response>) => void (await textOf(await answer));
  const at = (business_id: number, more = "") => `/sessions/${business_id}${more}`;
  const sendAt = (business_id: number, key: string) =>
    `/send/${business_id}/${encodeURIComponent(key)}`;

  return {
    start: (id) => json(ask("POST", at(id), { body: {} }), Started),
    session: (id, timeout_ms = USUAL_MS) =>
      json(ask("GET", at(id), { timeout_ms }), GatewaySession).catch(nullFor(404)),
    // A gateway that is in trouble knows its sessions all the same.
    sessions: async () => ({
      ...(await json(ask("GET", "/health", { even: 503 }), All)),
      silent: new Set<number>(),
    }),
    pairingCode: async (id, phone) => {
      const asked = { body: { phone }, timeout_ms: AT_WHATSAPP_MS };
      return (await json(ask("POST", at(id, "/pairing-code"), asked), Code)).code;
    },
    remove: async (id) => {
      const removed = done(ask("DELETE", at(id), { timeout_ms: AT_WHATSAPP_MS }));
      await removed.catch(nullFor(404));
    },
    send: (message) => json(ask("POST", "/send", { body: message }), Sent),
    sendState: (id, key) => json(ask("GET", sendAt(id, key)), SendState).catch(nullFor(404)),
    cancelSend: async (id, key) =>
      (await json(ask("DELETE", sendAt(id, key)), Cancelled)).cancelled,
    read: (id, messages) => done(ask("POST", at(id, "/read"), { body: { messages } })),
    typing: (id, to, on) => done(ask("POST", at(id, "/typing"), { body: { to, on } })),
    media: async (id, ref) => {
      const path = `/media/${id}/${encodeURIComponent(ref)}`;
      const answer = await ask("GET", path, { timeout_ms: MEDIA_MS }).catch(nullFor(404, 410));
      if (!answer) return null;
      if (!answer.body) throw new GatewayUnreachable("The gateway sent media without bytes.");
      const content_type = answer.headers.get("Content-Type") ?? "application/octet-stream";
      return { content_type, body: answer.body };
    },
  };
}

/** For `catch`: null for a refusal of one of these statuses, all else is thrown on. */
function nullFor(...statuses: number[]): (error: unknown) => null {
  return (error) => {
    if (error instanceof GatewayRefused && statuses.includes(error.status)) return null;
    throw error;
  };
}

async function refusal(response: Response): Promise<GatewayRefused | GatewayUnreachable> {
  const text = await textOf(response).catch(() => "");
  const { status } = response;
  if (status >= 500) return new GatewayUnreachable(`The gateway answered with status ${status}.`);
  const told = Problem.partial().safeParse(parseJson(text)).data;
  const id = told?.type?.split(":").at(-1) ?? "unknown";
  // Another one is asked next time. (HTTP has 421 for it, which fetch takes into its own hands.)
  if (id === "not_owned") return new GatewayUnreachable("Another gateway has the business.", true);
  return new GatewayRefused(status, id, told?.detail ?? `The gateway refused: status ${status}.`);
}

/** The whole answer. @throws GatewayUnreachable when it breaks off or has no end */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > LONGEST_ANSWER) throw new Error("too long");
    }
  } catch (error) {
    throw new GatewayUnreachable(`The gateway's answer broke off: ${whyNot(error)}`);
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without the address, which may be nobody's business. */
function whyNot(error: unknown): string {
  const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? (name === "TimeoutError" ? "it took too long" : name);
}
