import { NOISE_WA_HEADER } from "@whiskeysockets/baileys";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Break, ConnectionFault } from "./faults.ts";
import { laboratory } from "./test-client.ts";

const lab = laboratory();
const number = "+972501111111";

const endings: [Break, number][] = [
  ...[401, 402, 403, 405, 406, 409, 500, 503].map((reason): [Break, number] => [
    { kind: "failure", reason },
    reason,
  ]),
  [{ kind: "stream_error", code: 503 }, 503],
  [{ kind: "stream_error", code: 515 }, 515],
  [{ kind: "replaced" }, 440],
  [{ kind: "stream_end" }, 428],
  [{ kind: "drop" }, 428],
];

test("breaks in every way, and the client knows which", async () => {
  const business = lab.wa.phone(number);
  const one = await lab.client().pair(business);
  for (const [how, code] of endings) {
    business.breaks(how);
    expect({ how, ...(await one.closed()) }).toMatchObject({ how, code });
    one.connect();
    await one.opened();
  }
  business.logins.next({ kind: "failure", reason: 403 });
  business.breaks({ kind: "drop" });
  one.connect();
  expect(await one.closed()).toMatchObject({ code: 403 });
});

test("a device removed on the phone, and its credentials afterwards; its own logout", async () => {
  const business = lab.wa.phone(number);
  const one = await lab.client().pair(business);
  business.logoutDevice();
  expect(await one.closed()).toMatchObject({ code: 401, message: /conflict/ });
  one.connect();
  expect(await one.closed()).toMatchObject({ code: 401 });

  const two = await lab.client().pair(business);
  const thief = lab.client();
  thief.creds = { ...two.creds, noiseKey: thief.creds.noiseKey };
  thief.connect();
  expect(await thief.closed()).toMatchObject({ code: 401 });
  await two.sock.logout();
  await expect.poll(() => business.companions.size).toBe(0);
});

test("connections that never come to be", async () => {
  const one = lab.client({ connectTimeoutMs: 200 });
  const never: [ConnectionFault, object][] = [
    [{ kind: "reset" }, { code: 408 }],
    [{ kind: "no_upgrade" }, { code: 408 }],
    [{ kind: "no_hello" }, { code: 408 }],
    [{ kind: "http", status: 429, keep_open: true }, { code: 408 }],
    [{ kind: "failure", reason: 405 }, { code: 405 }],
    [{ kind: "stream_error", code: 503 }, { code: 503 }],
  ];
  for (const [fault, expected] of never) {
    lab.wa.connections.next(fault);
    one.connect();
    expect({ fault, ...(await one.closed()) }).toMatchObject({ fault, ...expected });
  }
  await lab.wa.goOffline();
  one.connect();
  expect(await one.closed()).toMatchObject({ code: 408, message: /ECONNREFUSED/ });
  await lab.wa.goOnline();
  await one.pair(lab.wa.phone(number));
});

test("an upgrade refused: the library says nothing", async () => {
  lab.wa.connections.next({ kind: "http", status: 503 });
  const one = lab.client();
  const sock = one.connect();
  const status = await new Promise((resolve) => {
    sock.ws.on("unexpected-response", (_: unknown, { statusCode }: { statusCode: number }) =>
      resolve(statusCode),
    );
  });
  expect(status).toBe(503);
  expect(one.updates.items.some(({ connection }) => connection === "close")).toBe(false);
});

test("silences: no success, hanging queries, mute, half open", async () => {
  const business = lab.wa.phone(number);
  const one = await lab.client({ keepAliveIntervalMs: 50 }).pair(business);
  const pong = () => new Promise((resolve) => one.sock.ws.on("frame", resolve));

  business.logins.next({ kind: "no_success" });
  one.connect();
  await expect.poll(() => business.companions.get(1)?.connection?.open).toBe(true);
  await pong();
  await pong();
  business.logins.next({ kind: "hanging_queries" });
  const success = new Promise((resolve) => one.connect().ws.on("CB:success", resolve));
  await success;
  await pong();
  expect(one.updates.items.some(({ connection }) => connection === "open")).toBe(false);

  one.connect();
  await one.opened();
  business.breaks({ kind: "half_open" });
  await expect(one.sock.query(ping, 100)).rejects.toThrow(/Timed Out/);
  expect(one.updates.items.some(({ connection }) => connection === "close")).toBe(false);

  business.logins.next({ kind: "mute" });
  const before = business.companions.get(1)?.connection;
  one.connect();
  await expect.poll(() => business.companions.get(1)?.connection === before).toBe(false);
  expect(business.online).toBe(false);
});

test("a client that speaks something else", async () => {
  for (const [url, bytes] of [
    [lab.wa.url, "hello, server"],
    [lab.wa.url, Buffer.from([...NOISE_WA_HEADER, 0, 0, 2, 8, 8])],
    [lab.wa.url.replace("/ws/chat", "/chat"), null],
  ] as const) {
    const ws = new WebSocket(url);
    ws.on("error", () => {});
    if (bytes) ws.on("open", () => ws.send(bytes));
    await new Promise((resolve) => ws.on("close", resolve));
  }
  expect(lab.wa.violations.splice(0).map(({ reason }) => reason)).toEqual([
    "intro 68656c6c",
    "client hello without an ephemeral key",
    "no such address: /chat",
  ]);
});

const ping = {
  tag: "iq",
  attrs: { to: "@s.whatsapp.net", type: "get", xmlns: "w:p" },
  content: [{ tag: "ping", attrs: {} }],
};
