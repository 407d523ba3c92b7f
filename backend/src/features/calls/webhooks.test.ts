import { afterAll, beforeAll, expect, test } from "vitest";
import { startRunningApp } from "../../../test/running-app.ts";
import type { RunningApp } from "../../../test/running-app.ts";

let app: RunningApp;
let calls = 0;
const callSid = () => `CA${String((calls += 1)).padStart(32, "0")}`;
beforeAll(async () => {
  app = await startRunningApp();
});
afterAll(() => app?.stop());

test("stream_status answers 204 whatever is sent to it", async () => {
  const deep = `{"CallSid":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  for (const body of ['{"CallSid":{"toString":1}}', '{"StreamEvent":["x"]}', deep, "[]"]) {
    const { status } = await fetch(`${app.base}/webhook/stream_status`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(status, body.slice(0, 40)).toBe(204);
  }
});

test("a caller whose number is no telephone number leaves the business's lists readable", async () => {
  const { owner, phone_number } = await app.business();
  for (const From of [
    "+491234",
    "+49301234567890123",
    "sip:x@y.example",
    "+000",
    "",
    "anonymous",
  ]) {
    const call = { CallSid: callSid(), From, To: phone_number };
    expect((await app.webhook("incoming_call", call)).status, From).toBe(200);
  }
  for (const list of ["contacts", "threads", "calls", "tasks", "notifications"]) {
    const answer = await owner.get(`/api/${list}`);
    expect(answer.status, `${list}: ${answer.text}`).toBe(200);
  }
});
