import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freePort } from "../../../../test/free-port.ts";
import { createGatewayClient } from "./gateway-client.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { GatewayRefused, GatewayUnreachable } from "./gateway-errors.ts";

const session = {
  businessId: 7,
  state: "open",
  reason: null,
  connected: true,
  qr: null,
  phone: "+972501234567",
  since: "2026-11-20T09:00:00.000Z",
  lastSeen: "2026-11-20T09:01:00.000Z",
  attempt: 0,
  nextRetryAt: null,
  detail: null,
};

interface Asked {
  line: string;
  secret: string | undefined;
  body: unknown;
}

let server: Server;
let url: string;
let client: GatewayClient;
let asked: Asked[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

const says = (status: number, body?: unknown, type = "application/json") => {
  answer = (response) => {
    response.writeHead(status, { "Content-Type": type });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      asked.push({
        line: `${request.method} ${request.url}`,
        secret: request.headers["x-baileys-secret"] as string | undefined,
        body: text ? JSON.parse(text) : undefined,
      });
      answer(response, request);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createGatewayClient({ url, secret: "between us" });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

const all = { sessions: [session], silent: new Set<number>() };
const message = {
  businessId: 7,
  to: "+972501234567",
  type: "text",
  text: "שלום",
  idempotencyKey: "a/b",
} as const;

test.each<[string, unknown, (c: GatewayClient) => Promise<unknown>, unknown, unknown?]>([
  ["POST /sessions/7", session, (c) => c.start(7), { state: "open", qr: null }, {}],
  ["GET /sessions/7", session, (c) => c.session(7), session],
  ["GET /health", { status: "ok", sessions: [session] }, (c) => c.sessions(), all],
  [
    "POST /sessions/7/pairing-code",
    { code: "ABCD1234" },
    (c) => c.pairingCode(7, "+972501234567"),
    "ABCD1234",
    { phone: "+972501234567" },
  ],
  ["DELETE /sessions/7", { ok: true }, (c) => c.remove(7), undefined],
  [
    "POST /send",
    { ok: true, messageId: "3EB0" },
    (c) => c.send(message),
    { ok: true, messageId: "3EB0" },
    message,
  ],
  [
    "GET /send/7/a%2Fb",
    { messageId: "3EB0", state: "written", error: null },
    (c) => c.sendState(7, "a/b"),
    { messageId: "3EB0", state: "written", error: null },
  ],
  ["DELETE /send/7/a%2Fb", { cancelled: true }, (c) => c.cancelSend(7, "a/b"), true],
  [
    "POST /sessions/7/read",
    { ok: true },
    (c) => c.read(7, [{ id: "A", remoteJid: "9@lid" }]),
    undefined,
    { messages: [{ id: "A", remoteJid: "9@lid" }] },
  ],
  [
    "POST /sessions/7/typing",
    { ok: true },
    (c) => c.typing(7, "9@lid", true),
    undefined,
    { to: "9@lid", on: true },
  ],
])("%s", async (line, body, act, expected, sent) => {
  says(200, body);
  expect(await act(client)).toEqual(expected);
  expect(asked).toEqual([{ line, secret: "between us", body: sent }]);
});

test("media comes as bytes with their type", async () => {
  answer = (response) => response.writeHead(200, { "Content-Type": "image/jpeg" }).end("bytes");
  const media = await client.media(7, "a/b");
  expect(media?.content_type).toBe("image/jpeg");
  expect(await new Response(media?.body).text()).toBe("bytes");
  expect(asked[0]?.line).toBe("GET /media/7/a%2Fb");
});

test("what is not there is null, or done already", async () => {
  says(404, { type: "urn:agentlocator:not_found", status: 404 });
  expect(await client.session(7)).toBeNull();
  expect(await client.sendState(7, "k")).toBeNull();
  expect(await client.media(7, "r")).toBeNull();
  expect(await client.remove(7)).toBeUndefined();
  says(410);
  expect(await client.media(7, "r")).toBeNull();
});

test("a gateway in trouble tells of its sessions, one that is not there yet does not", async () => {
  says(503, { status: "failing", sessions: [session] });
  expect(await client.sessions()).toMatchObject(all);
  says(503, { detail: "starting" });
  await expect(client.sessions()).rejects.toThrow(GatewayUnreachable);
});

test("a refusal tells its status, its name and its sentence", async () => {
  const detail = "The session is not connected.";
  says(409, { type: "urn:agentlocator:not_connected", status: 409, detail });
  const refused = await client.send(message).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(GatewayRefused);
  expect(refused).toMatchObject({ status: 409, id: "not_connected", message: detail });
  says(400, "not a problem");
  await expect(client.start(7)).rejects.toMatchObject({ status: 400, id: "unknown" });
  await expect(client.cancelSend(7, "k")).rejects.toBeInstanceOf(GatewayRefused);
});

test.each<[string, () => void]>([
  ["a server error", () => says(503, { detail: "secret inside" })],
  ["an answer that is no JSON", () => (answer = (response) => response.end("<html>"))],
  ["an answer of another shape", () => says(200, { ok: true })],
  [
    "an answer that breaks off",
    () =>
      (answer = (response) => {
        response.writeHead(200, { "Content-Length": "100" }).write("{");
        response.flushHeaders();
        setImmediate(() => response.destroy());
      }),
  ],
  ["a connection that is cut", () => (answer = (response) => response.destroy())],
  [
    "a redirect",
    () =>
      (answer = (response) => {
        response.writeHead(302, { Location: "http://127.0.0.1:9/" }).end();
      }),
  ],
])("%s leaves it unknown", async (_, prepare) => {
  prepare();
  const error = await client.send(message).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GatewayUnreachable);
  expect(String(error)).not.toMatch(/between us|secret inside|127\.0\.0\.1/);
  expect(error).toMatchObject({ never_asked: false });
});

test("nobody there, or nobody answering in time", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const nobody = createGatewayClient({ url, secret: "s" });
  const absent = await nobody.sessions().catch((thrown: unknown) => thrown);
  expect(String(absent)).toMatch(/The gateway did not answer: \w+$/);
  expect(absent).toMatchObject({ name: "GatewayUnreachable", never_asked: true });
  answer = () => undefined;
  await expect(client.session(7, 30)).rejects.toThrow(GatewayUnreachable);
});
