import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "../../../test/browser.ts";
import { pendingJobs } from "../../../test/pending-jobs.ts";
import { createPeople, type TestPeople } from "../../../test/people.ts";
import { startJobs } from "../../db/jobs.ts";
import { notificationRoutes } from "../notifications/index.ts";
import { taskJobs, taskRoutes } from "./index.ts";

let world: TestPeople;
let api: Browser;
let ours: number;

beforeAll(async () => {
  world = await createPeople({ routes: () => [...taskRoutes(), ...notificationRoutes()] });
  const business = await world.business();
  [api, ours] = [business.owner, business.id];
});
afterAll(() => world.close());
beforeEach(async () => {
  for (const { id } of (await api.get("/api/tasks")).body.items) {
    await api.delete(`/api/tasks/${id}`);
  }
  await worked();
  await world.db.inSystem(({ trx }) => trx("notifications").delete());
});

const at = (ms: number) => new Date(Date.now() + ms).toISOString();
const PAST = -1000;
const LATER = 3_600_000;
const planned = async (id?: number) =>
  (await pendingJobs(world.url, "task.remind")).filter(
    ({ payload }) => id === undefined || payload.task_id === id,
  );
const bell = async () => (await api.get("/api/notifications")).body.items;
const make = async (remind_at: string) =>
  (await api.post("/api/tasks", { title: "להתקשר לנועה", body: "על הצבע", remind_at })).body.id;

/** A process is up until every job that is due was done. */
async function worked(): Promise<void> {
  const jobs = await startJobs({
    url: world.url,
    lanes: [{ handlers: taskJobs(world) }],
    log: world.log,
  });
  const due = async () => (await planned()).filter(({ run_at }) => run_at.getTime() <= Date.now());
  await expect.poll(due, { timeout: 20_000 }).toEqual([]);
  await jobs.stop();
}

const run = (task_id: number) =>
  taskJobs(world)["task.remind"]!({ business_id: ours, task_id }, {} as never);

test("a time that came while no process was up rings the bell, once", async () => {
  const remind_at = at(PAST);
  const id = await make(remind_at);
  expect(await bell()).toEqual([]);
  await worked();
  const rung = await bell();
  expect(rung).toMatchObject([
    {
      kind: "task_reminder",
      title: "תזכורת: להתקשר לנועה",
      body: "על הצבע",
      link: `/app/tasks?task=${id}`,
      read_at: null,
      resolved_at: null,
    },
  ]);
  // The job of a process that was killed after its commit runs again.
  await run(id);
  await api.patch(`/api/tasks/${id}`, { title: "אחרת", remind_at });
  await worked();
  expect(await bell()).toEqual(rung);
});

test("a time that is still to come is waited for, in whichever zone it was told", async () => {
  const instant = new Date(Math.ceil((Date.now() + LATER) / 1000) * 1000);
  const told = new Date(instant.getTime() + 2 * LATER).toISOString().replace("Z", "+02:00");
  const id = await make(told);
  const [job] = await planned(id);
  expect(job).toMatchObject({ run_at: instant, payload: { task_id: id, business_id: ours } });
  await run(id);
  expect(await bell()).toEqual([]);
});

test("of a time that was changed only the new one rings", async () => {
  const id = await make(at(LATER));
  await api.patch(`/api/tasks/${id}`, { remind_at: at(2 * LATER) });
  const later = await planned(id);
  expect(later).toHaveLength(1);
  await api.patch(`/api/tasks/${id}`, { title: "אותו זמן" });
  expect(await planned(id)).toEqual(later);
  await api.patch(`/api/tasks/${id}`, { remind_at: at(PAST) });
  await worked();
  expect(await bell()).toHaveLength(1);
  expect(await planned(id)).toEqual([]);
});

test("put off after it rang, a task rings again and the first ring is over", async () => {
  const id = await make(at(PAST));
  await worked();
  await api.patch(`/api/tasks/${id}`, { remind_at: at(PAST / 2) });
  await worked();
  const [second, first] = await bell();
  expect(second.resolved_at).toBeNull();
  expect(first.resolved_at).not.toBeNull();
});

test("what is done, gone or has no time any more does not ring", async () => {
  const [done, gone, without] = [await make(at(PAST)), await make(at(PAST)), await make(at(PAST))];
  await api.patch(`/api/tasks/${done}`, { status: "done" });
  await api.delete(`/api/tasks/${gone}`);
  await api.patch(`/api/tasks/${without}`, { remind_at: null });
  await worked();
  expect(await bell()).toEqual([]);
  // Taken up again, what was missed meanwhile is told.
  await api.patch(`/api/tasks/${done}`, { status: "open" });
  await worked();
  expect(await bell()).toMatchObject([{ link: `/app/tasks?task=${done}`, resolved_at: null }]);
  await api.patch(`/api/tasks/${done}`, { status: "done" });
  expect(await bell()).toMatchObject([{ resolved_at: expect.any(String) }]);
});
