import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EnvError, EXIT_CONFIG, parseEnv } from "./env.ts";

const enough = {
  DATABASE_URL: "postgres://user:pass@localhost:5432/db",
  APP_SECRET: "0123456789abcdef0123456789abcdef",
};

const wrongNames = (source: Record<string, string>): string[] => {
  try {
    parseEnv(source);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(EnvError);
    return (error as Error).message.split("\n").map((line) => line.split(":")[0]!);
  }
};

function secretFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "env-")), "secret");
  writeFileSync(path, text);
  return path;
}

test("the least it needs is enough; provider keys may be missing", () => {
  const env = parseEnv(enough);
  expect(env.PORT).toBe(8080);
  expect(env.PUBLIC_BASE_URL).toBe("http://localhost:8080");
  expect(env.OPENAI_API_KEY).toBeUndefined();
});

test("every wrong name is named, and no value is quoted", () => {
  const source = { APP_SECRET: "short-secret", PORT: "seventy", TWILIO_ACCOUNT_SID: "XX1" };
  expect(wrongNames(source).toSorted()).toEqual([
    "APP_SECRET",
    "DATABASE_URL",
    "PORT",
    "TWILIO_ACCOUNT_SID",
  ]);
  expect(() => parseEnv(source)).toThrow(expect.not.stringContaining("short-secret"));
});

test("NAME_FILE gives a value from a file, without its last line break", () => {
  const { APP_SECRET, ...rest } = enough;
  const env = parseEnv({
    ...rest,
    APP_SECRET_FILE: secretFile(`${APP_SECRET}\n`),
    OPENAI_API_KEY_FILE: secretFile("sk-from-file\n"),
  });
  expect(env.APP_SECRET).toBe(APP_SECRET);
  expect(env.OPENAI_API_KEY).toBe("sk-from-file");
});

test("a value and a file for the same name contradict each other", () => {
  expect(wrongNames({ ...enough, APP_SECRET_FILE: secretFile("x".repeat(32)) })).toEqual([
    "APP_SECRET",
  ]);
});

test("a file that can't be read is named", () => {
  expect(wrongNames({ ...enough, OPENAI_API_KEY_FILE: "/nowhere/at/all" })).toEqual([
    "OPENAI_API_KEY_FILE",
  ]);
});

test("a file without anything in it counts as unset", () => {
  const nothing = { OPENAI_API_KEY_FILE: secretFile("\n"), REDIS_URL_FILE: secretFile("") };
  const env = parseEnv({ ...enough, ...nothing });
  expect([env.OPENAI_API_KEY, env.REDIS_URL]).toEqual([undefined, undefined]);
});

test("empty values count as unset; addresses lose their trailing slash", () => {
  const env = parseEnv({ ...enough, REDIS_URL: "", PUBLIC_BASE_URL: "https://a.example/" });
  expect(env.REDIS_URL).toBeUndefined();
  expect(env.PUBLIC_BASE_URL).toBe("https://a.example");
});

test("the gateway's address may name /send", () => {
  const env = parseEnv({ ...enough, BAILEYS_OUTBOUND_URL: "http://baileys:3000/send" });
  expect(env.BAILEYS_OUTBOUND_URL).toBe("http://baileys:3000");
});

test("the process stops with 78 and says which name is wrong", () => {
  const main = join(import.meta.dirname, "../main.ts");
  const { status, stderr } = spawnSync(process.execPath, [main], {
    env: { PATH: process.env.PATH, DATABASE_URL: enough.DATABASE_URL, APP_SECRET: "too short" },
    encoding: "utf8",
  });
  expect(status).toBe(EXIT_CONFIG);
  expect(stderr).toContain("APP_SECRET");
  expect(stderr).not.toContain("too short");
});

test("leases need the secret that they are asked for with", () => {
  expect(wrongNames({ ...enough, GATEWAY_LEASE_SECONDS: "15" })).toEqual([
    "BAILEYS_WEBHOOK_SECRET",
  ]);
});

test("a bucket needs everything that opens it", () => {
  const s3 = { S3_ENDPOINT: "https://s3.example/", S3_BUCKET: "media" };
  const missing = ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
  expect(wrongNames({ ...enough, ...s3 })).toEqual(missing);
  const keys = Object.fromEntries(missing.map((name) => [name, "x"]));
  const env = parseEnv({ ...enough, ...s3, ...keys });
  expect([env.S3_ENDPOINT, env.S3_REGION]).toEqual(["https://s3.example", "us-east-1"]);
});

test("jobs that run in a process of their own need Redis", () => {
  expect(wrongNames({ ...enough, RUN_JOBS: "false" })).toEqual(["REDIS_URL"]);
  const env = parseEnv({ ...enough, RUN_JOBS: "false", REDIS_URL: "redis://redis:6379" });
  expect(env.RUN_JOBS).toBe(false);
});
