import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseGatewayEnv } from "./env.ts";

test("little has to be set", () => {
  expect(parseGatewayEnv({ PORT: "" })).toEqual({
    PORT: 3000,
    HOST: "0.0.0.0",
    LOG_LEVEL: "info",
    WA_STORAGE_DIR: "./data/whatsapp",
  });
});

test("the secret may come from a file, but not from two places", () => {
  const file = join(mkdtempSync(join(tmpdir(), "gateway-env-")), "secret");
  writeFileSync(file, "from a file\n");
  const env = { BAILEYS_WEBHOOK_SECRET_FILE: file };
  expect(parseGatewayEnv(env).BAILEYS_WEBHOOK_SECRET).toBe("from a file");
  expect(() => parseGatewayEnv({ ...env, BAILEYS_WEBHOOK_SECRET: "another" })).toThrow(/not both/);
});

test("a wrong value is named and not quoted", () => {
  expect(() => parseGatewayEnv({ PORT: "a secret" })).toThrow(/^PORT: (?!.*a secret)/);
});

test("the client's version is taken apart", () => {
  expect(parseGatewayEnv({ WA_VERSION: "2.3000.77" }).WA_VERSION).toEqual([2, 3000, 77]);
  expect(() => parseGatewayEnv({ WA_VERSION: "latest" })).toThrow(/^WA_VERSION: /);
});

test("one of several gateways has to be able to ask for its leases", () => {
  const lonely = { GATEWAY_URL: "http://here:3000", BAILEYS_WEBHOOK_SECRET: "x" };
  expect(() => parseGatewayEnv(lonely)).toThrow(/^BAILEYS_WEBHOOK_TARGET: is required/);
  const target = { BAILEYS_WEBHOOK_TARGET: "http://backend:8080/webhook/whatsapp/baileys" };
  expect(parseGatewayEnv({ ...lonely, ...target }).GATEWAY_URL).toBe("http://here:3000");
});
