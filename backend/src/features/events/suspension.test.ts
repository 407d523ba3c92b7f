import { afterAll, beforeAll, expect, test } from "vitest";
import { Browser } from "../../../test/browser.ts";
import { startRunningApp } from "../../../test/running-app.ts";
import type { RunningApp } from "../../../test/running-app.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp();
});
afterAll(() => app.stop());

/** Long before the ping of a stream would ask whether its session still stands. */
const AT_ONCE_MS = 12_000;

/** A browser's live stream, which has begun; `ended` settles when the server ends it. */
async function listen(browser: Browser) {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const stream = await fetch(`${app.base}/api/events`, {
    headers: { Cookie: cookie },
    signal: AbortSignal.timeout(AT_ONCE_MS),
  });
  expect(stream.status).toBe(200);
  return { ended: stream.text() };
}

test("the live streams of who is suspended end at once, those of others go on", async () => {
  const { owner, id } = await app.business();
  const email = "agent@shop.example";
  const password = "a good password";
  const made = await owner.post("/api/users", { email, name: "A", role: "agent", password });
  const agent = new Browser(app.base);
  await agent.login(email, password);

  const [own, theirs] = [await listen(owner), await listen(agent)];
  await owner.patch(`/api/users/${made.body.id}`, { status: "suspended" });
  expect(await theirs.ended).toContain("event: ping");
  expect((await agent.get("/api/tasks")).status).toBe(401);
  expect((await owner.get("/api/tasks")).status).toBe(200);

  await app.admin.patch(`/api/admin/businesses/${id}`, { status: "suspended" });
  expect(await own.ended).toContain("event: ping");
  expect((await owner.get("/api/tasks")).status).toBe(401);
});
