import { createHmac, randomBytes } from "node:crypto";
import { request as plain, type IncomingMessage } from "node:http";
import { request as tls } from "node:https";

/**
 * The checks of a deployment, against its public address. It imports nothing but Node.js, so that
 * scripts/smoke can also hand it to a container. One line for each check goes to standard output.
 */
const base = (process.argv[2] ?? "").replace(/\/+$/, "");
const {
  PUBLIC_BASE_URL: signed_address = base,
  TWILIO_AUTH_TOKEN: auth_token,
  BAILEYS_WEBHOOK_SECRET: gateway_secret,
  SMOKE_EMAIL: email,
  SMOKE_PASSWORD: password,
  SMOKE_INSECURE: insecure,
} = process.env;
const TIMEOUT_MS = 10_000;

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body } = options;
  const url = new URL(base + path);
  const send = url.protocol === "https:" ? tls : plain;
  return new Promise((resolve, reject) => {
    const asked = send(url, {
      ...{ method, headers, timeout: TIMEOUT_MS },
      ...(insecure && { rejectUnauthorized: false }),
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")));
    asked.on("error", reject);
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: 101, headers: response.headers, body: Buffer.alloc(0) });
    });
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    asked.end(body);
  });
}

class Skipped extends Error {}

function expect(answer: Answer, status: number, type = ""): Answer {
  if (answer.status !== status) {
    throw new Error(
      `${answer.status} instead of ${status}: ${answer.body.toString().slice(0, 200)}`,
    );
  }
  const found = answer.headers["content-type"] ?? "";
  if (!found.startsWith(type)) throw new Error(`${found || "no content type"} instead of ${type}`);
  return answer;
}

/** As Twilio signs: the address, then the fields by name. */
function twilio(path: string, fields: Record<string, string>, token: string): Promise<Answer> {
  const text = Object.keys(fields)
    .toSorted()
    .reduce((all, name) => all + name + fields[name], signed_address + path);
  return ask(path, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Twilio-Signature": createHmac("sha1", token).update(text).digest("base64"),
    },
    body: new URLSearchParams(fields).toString(),
  });
}

function needed<T>(value: T | undefined | "", name: string): T {
  if (value === undefined || value === "") throw new Skipped(`without ${name}`);
  return value as T;
}

const json = (answer: Answer) => JSON.parse(answer.body.toString()) as Record<string, unknown>;
const sid = (prefix: string) => prefix + randomBytes(16).toString("hex");
let parts: Record<string, unknown> = {};

const media_stream = async (path: string) => {
  const answer = await ask(path, {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      "Sec-WebSocket-Protocol": "audio.twilio.com",
    },
  });
  if (answer.status === 503 && parts["openai"] === "disabled") {
    throw new Skipped("without OPENAI_API_KEY callers go to the recorder");
  }
  expect(answer, 101);
  const protocol = answer.headers["sec-websocket-protocol"];
  if (protocol !== "audio.twilio.com") throw new Error(`the subprotocol is ${protocol}`);
  return protocol;
};

/** What each check found; it throws what was wrong. */
const checks: [string, () => Promise<string>][] = [
  [
    "health",
    async () => {
      expect(await ask("/healthz"), 200, "application/json");
      return "ok";
    },
  ],
  [
    "ready",
    async () => {
      parts = json(expect(await ask("/readyz"), 200));
      const names = Object.keys(parts).filter((name) => name !== "status");
      return names.map((name) => `${name} ${String(parts[name])}`).join(", ");
    },
  ],
  [
    "version",
    async () => {
      const { version, commit } = json(expect(await ask("/version"), 200));
      return `${String(version)} (${String(commit)})`;
    },
  ],
  [
    "console",
    async () => {
      for (const path of ["/", "/login", "/setup", "/calendar", "/app", "/app/x"]) {
        expect(await ask(path), 200, "text/html");
      }
      return "its pages are served";
    },
  ],
  [
    "unknown addresses",
    async () => {
      for (const path of ["/api/no-such", "/webhook/no-such", "/static/no-such", "/ws/no-such"]) {
        expect(await ask(path), 404, "application/problem+json");
      }
      return "404 as problem details";
    },
  ],
  [
    "metrics",
    async () => {
      expect(await ask("/metrics"), 404);
      return "not reachable from outside";
    },
  ],
  [
    "static prompts",
    async () => {
      for (const name of ["greeting_he", "fallback_he"]) {
        const { body } = expect(await ask(`/static/tts/${name}.mp3`), 200, "audio/mpeg");
        if (body.length < 1000) throw new Error(`${name}.mp3 has ${body.length} bytes`);
      }
      return "greeting and fallback are there";
    },
  ],
  ["media stream", () => media_stream("/ws/twilio-media")],
  ["media stream, slash", () => media_stream("/ws/twilio-media/")],
  [
    "stream status",
    async () => {
      const answer = expect(await ask("/webhook/stream_status", { method: "POST" }), 204);
      if (answer.headers["cache-control"] !== "no-store") throw new Error("it may be cached");
      return "204, not cached";
    },
  ],
  [
    "unsigned webhooks",
    async () => {
      const paths = ["incoming_call", "call_status", "whatsapp/twilio", "whatsapp/baileys"];
      for (const path of paths) expect(await ask(`/webhook/${path}`, { method: "POST" }), 403);
      return "403";
    },
  ],
  [
    "TwiML",
    async () => {
      const token = needed(auth_token, "TWILIO_AUTH_TOKEN");
      const fields = { CallSid: sid("CA"), From: "+15005550006", To: "+15005550000" };
      const { body } = expect(
        await twilio("/webhook/incoming_call", fields, token),
        200,
        "text/xml",
      );
      if (!body.toString().includes("<Response>")) throw new Error("the answer is not TwiML");
      return "a signed call is answered";
    },
  ],
  [
    "signed webhooks, Twilio",
    async () => {
      const token = needed(auth_token, "TWILIO_AUTH_TOKEN");
      const call = { CallSid: sid("CA"), CallStatus: "completed" };
      expect(await twilio("/webhook/call_status", call, token), 204);
      return "204";
    },
  ],
  [
    "signed webhooks, gateway",
    async () => {
      const secret = needed(gateway_secret, "BAILEYS_WEBHOOK_SECRET");
      const body = JSON.stringify({ event: "smoke" });
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const headers = { "Content-Type": "application/json", "X-BAILEYS-SIGNATURE": signature };
      const path = "/webhook/whatsapp/baileys";
      expect(await ask(path, { method: "POST", headers, body }), 204);
      return "204";
    },
  ],
  [
    "sending, without a session",
    async () => {
      const headers = { "Content-Type": "application/json" };
      const answer = await ask("/api/whatsapp/send", { method: "POST", headers, body: "{}" });
      expect(answer, 401, "application/problem+json");
      return "401";
    },
  ],
  [
    "sending",
    async () => {
      const body = JSON.stringify({
        email: needed(email, "SMOKE_EMAIL"),
        password: needed(password, "SMOKE_PASSWORD"),
      });
      const headers = { "Content-Type": "application/json" };
      const session = expect(await ask("/api/auth/login", { method: "POST", headers, body }), 200);
      const cookie = (session.headers["set-cookie"] ?? [])
        .map((line) => line.split(";")[0])
        .join("; ");
      const csrf = String(json(session)["csrf_token"]);
      // Complete but for whom it is to: refused by the very route that sends, and nobody is written to.
      const answer = await ask("/api/whatsapp/send", {
        method: "POST",
        headers: { ...headers, Cookie: cookie, "X-CSRF-Token": csrf },
        body: JSON.stringify({ to: "", text: "smoke", idempotency_key: sid("smoke-") }),
      });
      expect(answer, 400, "application/problem+json");
      return "the route answers to a session";
    },
  ],
];

let failed = 0;
for (const [name, check] of checks) {
  let line: string;
  try {
    line = `ok      ${name}: ${await check()}`;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const skipped = error instanceof Skipped;
    if (!skipped) failed += 1;
    line = `${skipped ? "skipped" : "FAILED "} ${name}: ${message || code}`;
  }
  process.stdout.write(`${line}\n`);
}
process.stdout.write(failed ? `${failed} failed\n` : "all passed\n");
process.exitCode = failed ? 1 : 0;
