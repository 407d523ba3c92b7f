import { once } from "node:events";
import { Agent, get, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../test/browser.ts";
import { startRunningApp } from "../test/running-app.ts";
import type { RunningApp } from "../test/running-app.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp();
});
afterAll(() => app?.stop());

function listen({ cookies }: Browser, agent?: Agent): Promise<IncomingMessage> {
  const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  return new Promise((answer) => {
    get(`${app.base}/api/events`, { agent, headers: { Cookie } }, answer);
  });
}

test("a session that listens everywhere is told to stop; others still may listen", async () => {
  const { owner } = await app.business();
  const streams = await Promise.all(Array.from({ length: 20 }, () => listen(owner)));
  expect(streams.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200));
  const refused = await listen(owner);
  expect(refused.statusCode).toBe(429);
  const other = await listen((await app.business()).owner);
  expect(other.statusCode).toBe(200);
  for (const stream of [...streams, refused, other]) stream.destroy();
});

test("open consoles and kept connections do not hold an orderly end up", async () => {
  const { owner } = await app.business();
  const agent = new Agent({ keepAlive: true });
  const stream = await listen(owner, agent);
  const streamEnded = once(stream.resume(), "end");
  // In the middle of its request when the end begins; idle, and kept alive, a moment later.
  const body = '{"email":"a@b.example","password":"x"}';
  const busy = request(`${app.base}/api/auth/login`, {
    agent,
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Length": body.length },
  });
  busy.write(body.slice(0, 5));
  await once(busy, "finish", { signal: AbortSignal.timeout(200) }).catch(() => undefined);

  const began = performance.now();
  const ended = app.end();
  busy.end(body.slice(5));
  const [answer] = (await once(busy, "response")) as [IncomingMessage];
  expect(answer.resume().statusCode).toBe(401);
  await Promise.all([ended, streamEnded]);
  expect(performance.now() - began).toBeLessThan(4000);
});
