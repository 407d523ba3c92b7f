import { expect, test } from "vitest";
import twilio from "twilio";
import { startRedis } from "../../test/redis.ts";
import { connectRedis } from "./bus/index.ts";
import { createLog } from "./log.ts";

function listening() {
  const lines: string[] = [];
  return { lines, log: createLog("debug", { write: (line) => void lines.push(line) }) };
}

test("an error is logged by its type, message, code and cause, and by nothing that hangs on it", () => {
  const { lines, log } = listening();
  const cause = Object.assign(new Error("inside"), { code: "ECONNREFUSED", config: { key: "s3" } });
  const error = Object.assign(new TypeError("outside", { cause }), {
    status: 401,
    headers: { authorization: "s3" },
    request: { auth: "s3" },
    detail: "Failing row contains (s3)",
  });
  log.error({ err: error }, "[HTTP] it failed");
  expect(JSON.parse(lines[0]!)).toMatchObject({
    msg: "[HTTP] it failed",
    err: {
      type: "TypeError",
      message: "outside",
      stack: expect.stringContaining("log.test.ts"),
      status: 401,
      cause: { message: "inside", code: "ECONNREFUSED" },
    },
  });
  expect(lines.join("")).not.toContain("s3");
});

test("what several attempts came to is logged; what is no error is logged without its inside", () => {
  const { lines, log } = listening();
  log.warn({ err: new AggregateError([new Error("one"), new Error("two")], "all failed") }, "x");
  expect(lines[0]).toMatch(/"one".*"two"/);
  log.warn({ err: { token: "t0ken", nested: { deep: { deeper: "s3" } } } }, "x");
  log.warn({ err: "a text" }, "x");
  expect(lines[1]).not.toContain("s3");
  expect(lines[2]).toContain("a text");
});

test("secrets by their names are left out", () => {
  const { lines, log } = listening();
  log.info({ password: "s3", body: { token: "s3", inner: { secret: "s3" } } }, "x");
  expect(lines[0]).not.toContain("s3");
});

test("neither Redis' password nor Twilio's token is logged with their errors", async () => {
  const { lines, log } = listening();
  const redis = await startRedis();
  const url = new URL(redis.url);
  url.username = "somebody";
  url.password = "redis-s3cret";
  const connection = connectRedis(url.href, { log, name: "test" });
  await expect.poll(() => lines.length).toBeGreaterThan(0);
  connection.disconnect();
  await redis.stop();
  expect(lines.join("")).toContain("WRONGPASS");

  const client = twilio(`AC${"0".repeat(32)}`, "twilio-s3cret", { timeout: 500 });
  client.api.baseUrl = "http://127.0.0.1:9";
  const error = await client
    .calls("CA1")
    .update({ twiml: "x" })
    .catch((refused: unknown) => refused);
  log.error({ err: error }, "[CALL] failed");
  expect(lines.at(-1)).toContain("ECONNREFUSED");
  expect(lines.join("")).not.toContain("s3cret");
  const pair = Buffer.from(`AC${"0".repeat(32)}:twilio-s3cret`).toString("base64");
  expect(lines.join("")).not.toContain(pair);
});
