import { afterEach, beforeEach, expect, test } from "vitest";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import { notificationRoutes } from "../notifications/index.ts";
import { backupJobs, backupRoutes } from "./index.ts";

const HOUR_MS = 3_600_000;

let people: TestPeople;
/** Of the backups alone: sessions go on. */
const clock = { shift: 0, now: () => Date.now() + clock.shift };
const env = { BACKUP_MAX_AGE_HOURS: 26, S3_BUCKET: undefined };

beforeEach(async () => {
  clock.shift = 0;
  const routes = [...backupRoutes({ clock, env }), ...notificationRoutes()];
  people = await createPeople({ routes: () => routes });
});
afterEach(() => people.close());

const pass = (hours: number) => void (clock.shift += hours * HOUR_MS);

/** As the backup's container writes it. */
async function attempted(row: { name: string } | { error: string }): Promise<void> {
  const started_at = new Date(clock.now());
  await people.db.inSystem(({ trx }) =>
    trx("backups").insert({ started_at, bytes: 4096, version: "0.1.0-abc", ...row }),
  );
}
async function check(): Promise<void> {
  const jobs = backupJobs({ ...people, clock, env });
  await jobs.check_backups!({ business_id: 0 }, {} as never);
}
const status = async () => (await people.admin.get("/api/admin/backups")).body;
const bells = async () => (await people.admin.get("/api/admin/notifications")).body.items;

test("a backup that is too old rings once, and another one closes it", async () => {
  expect(await status()).toMatchObject({ state: "none_yet", newest: null, max_age_hours: 26 });
  await attempted({ name: "agentlocator-1.tar" });
  pass(25);
  await check();
  expect(await status()).toMatchObject({
    state: "ok",
    newest: { name: "agentlocator-1.tar", bytes: 4096, error: null },
    failed: null,
  });
  expect(await bells()).toEqual([]);

  pass(1.1);
  await check();
  await check();
  expect(await status()).toMatchObject({ state: "overdue" });
  expect(await bells()).toMatchObject([{ kind: "backup_overdue", resolved_at: null }]);

  await attempted({ name: "agentlocator-2.tar" });
  await check();
  expect(await status()).toMatchObject({ state: "ok", newest: { name: "agentlocator-2.tar" } });
  expect(await bells()).toMatchObject([{ resolved_at: expect.any(String) }]);

  pass(27);
  await check();
  expect(await bells()).toHaveLength(2);
});

test("with no backup at all it rings as well, once there is something to lose", async () => {
  pass(27);
  await check();
  expect(await status()).toMatchObject({ state: "overdue", newest: null });
  expect(await bells()).toHaveLength(1);
});

test("failed attempts are shown with their reason and ring once, until one succeeds", async () => {
  await attempted({ name: "agentlocator-1.tar" });
  for (const error of ["No space left on device", "still none"]) await attempted({ error });
  await check();
  await check();
  expect(await status()).toMatchObject({
    state: "ok",
    newest: { name: "agentlocator-1.tar" },
    failed: { error: "still none", name: null },
  });
  const rung = await bells();
  expect(rung).toMatchObject([{ kind: "backup_failed", body: "still none", resolved_at: null }]);
  const { body } = await people.admin.post(`/api/admin/notifications/${rung[0].id}/read`);
  expect(body.read_at).toEqual(expect.any(String));
  await attempted({ name: "agentlocator-2.tar" });
  await check();
  expect(await status()).toMatchObject({ failed: null });
  expect(await bells()).toMatchObject([{ resolved_at: expect.any(String) }]);
});

test("an installation that makes none is not watched", async () => {
  const off = { BACKUP_MAX_AGE_HOURS: undefined, S3_BUCKET: "media" };
  const [route] = backupRoutes({ clock, env: off });
  pass(1000);
  await backupJobs({ ...people, clock, env: off }).check_backups!({ business_id: 0 }, {} as never);
  const answer = await people.db.inSystem((tx) => route!.handler({ tx }));
  expect(answer).toMatchObject({ state: "off", bucket_not_included: "media" });
  expect(await bells()).toEqual([]);
});

test("they are the administrators' affair, and their bell is not a business's", async () => {
  const { owner, id } = await people.business();
  expectProblem(await owner.get("/api/admin/backups"), 404, "not_found");
  expectProblem(await owner.get("/api/admin/notifications"), 404, "not_found");
  await attempted({ error: "broken" });
  await check();
  expect((await owner.get("/api/notifications")).body.items).toEqual([]);
  const as_business = await people.admin.get(`/api/notifications?business_id=${id}`);
  expect(as_business.body.items).toEqual([]);
  const [rung] = await bells();
  expectProblem(await owner.post(`/api/notifications/${rung.id}/read`), 404, "not_found");
  expect((await people.admin.post("/api/admin/notifications/read-all")).status).toBe(204);
  expect((await people.admin.get("/api/admin/notifications?unread=true")).body.items).toEqual([]);
});
