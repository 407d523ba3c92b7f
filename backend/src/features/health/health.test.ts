import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestBackend } from "../../../test/http.ts";
import type { TestBackend } from "../../../test/http.ts";
import { createBus } from "../../platform/bus/index.ts";
import { parseEnv } from "../../platform/env.ts";
import { healthRoutes } from "./index.ts";

const SECRET = "between the two";

let backend: TestBackend;
/** A gateway that answers with this status to who knows the secret. */
let status: number;
const server = createServer((request, response) => {
  const known = request.headers["x-baileys-secret"] === SECRET || request.url === "/healthz";
  response.writeHead(known ? status : 401).end();
});
let url: string;

beforeAll(async () => {
  backend = await createTestBackend();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await backend.close();
});

async function readiness(given: Record<string, string>) {
  const basics = { DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32) };
  const { db, log } = backend;
  const { BAILEYS_OUTBOUND_URL: gateway } = given;
  const routes = healthRoutes({
    ...{ db, bus: createBus({ redis_url: undefined, log }), version: "1" },
    ...{ env: parseEnv({ ...basics, ...given }), metrics: new Registry() },
    ...{ tts: () => "disabled" as const, accepting: () => true },
    gateways: async () => (gateway ? [gateway] : []),
  });
  const base = await backend.serve(routes, async () => null);
  const answer = await fetch(`${base}/readyz`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { baileys: string }).baileys;
}

test.each([
  ["works", 200, SECRET, "ok"],
  ["can't do its work", 503, SECRET, "down"],
  ["has another secret", 200, "another", "down"],
])("a gateway that %s", async (_, answer, secret, expected) => {
  status = answer;
  const given = { BAILEYS_OUTBOUND_URL: `${url}/send`, BAILEYS_WEBHOOK_SECRET: secret };
  expect(await readiness(given)).toBe(expected);
});

test("a gateway that is not there, or was never meant to be", async () => {
  expect(await readiness({ BAILEYS_OUTBOUND_URL: "http://127.0.0.1:9" })).toBe("down");
  expect(await readiness({ BAILEYS_WEBHOOK_SECRET: SECRET })).toBe("disabled");
});
