import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { pendingJobs } from "../../../test/pending-jobs.ts";
import { ADMIN, createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import type { Mail } from "../../platform/mail.ts";
import {
  notificationJobs,
  notificationRoutes,
  notify,
  notifyAgency,
  resolveNotification,
} from "./index.ts";

const TASK = "notifications.mail";
let people: TestPeople;
let sent: Mail[];
beforeAll(async () => {
  people = await createPeople({ routes: notificationRoutes });
});
afterAll(() => people.close());
beforeEach(() => {
  sent = [];
});

const ring = (business_id: number, title: string, more = {}) =>
  people.db.inBusiness(business_id, (tx) =>
    notify(tx, { kind: "call_fallback", title, alert: true, ...more }, people.log),
  );
const jobsOf = async (business_id: number) =>
  (await pendingJobs(people.url, TASK)).filter(({ queue }) => queue === `alerts:${business_id}`);

const jobsWith = (by_mail: boolean) => {
  const send = async (one: Mail) => void sent.push(one);
  const public_base_url = "https://phone.example";
  return notificationJobs({ ...people, public_base_url, mailer: { by_mail, send } });
};
/** Does what the job does. */
const mail = (business_id: number, by_mail = true) =>
  jobsWith(by_mail)[TASK]!({ business_id }, {} as never);

test("an alert that nobody saw is mailed to the owners, once", async () => {
  const { id, email, owner } = await people.business({ name: "מספרת דנה" });
  await people.user(owner, "owner", "partner@business.example");
  await people.user(owner, "agent", "worker@business.example");
  await ring(id, "שיחה לא נענתה", { link: "/app/calls/CA1", body: "+972501234567" });
  const [job] = await jobsOf(id);
  expect(job!.run_at.getTime()).toBeGreaterThan(Date.now() + 30_000);
  await mail(id);
  expect(sent).toEqual([
    {
      to: `${email}, partner@business.example`,
      subject: "התראה: מספרת דנה",
      text: expect.stringContaining("• שיחה לא נענתה\n  https://phone.example/app/calls/CA1"),
      link: "https://phone.example/app",
    },
  ]);
  expect(sent[0]!.text).not.toContain("+972501234567");
  await mail(id);
  expect(sent).toHaveLength(1);
});

test("news that need nobody's hand, and alerts that were read or are over, are not mailed", async () => {
  const { id, owner } = await people.business();
  await ring(id, "reminder", { alert: false });
  expect(await jobsOf(id)).toEqual([]);
  await ring(id, "over", { dedupe_key: "x" });
  await people.db.inBusiness(id, (tx) => resolveNotification(tx, "x", new Date()));
  await ring(id, "read");
  await owner.post("/api/notifications/read-all");
  await mail(id);
  expect(sent).toEqual([]);
});

test("what happens soon after a mail comes together in the next one", async () => {
  const { id } = await people.business();
  await ring(id, "first");
  await mail(id);
  for (const n of Array(25).keys()) await ring(id, `second ${n}`);
  await ring(id, "third");
  await mail(id);
  expect(sent).toHaveLength(1);
  expect((await jobsOf(id)).at(-1)!.run_at.getTime()).toBeGreaterThan(Date.now() + 10 * 60_000);
  await people.db.inBusiness(id, ({ trx }) =>
    trx("notifications")
      .whereNotNull("mailed_at")
      .update({ mailed_at: trx.raw("now() - interval '16 minutes'") }),
  );
  await mail(id);
  expect(sent).toHaveLength(2);
  expect(sent[1]!.text).toMatch(/• second 0\n[^]*• second 19\n.*\nועוד 6\.\n/);
});

test("not to an owner who wants none, who is suspended, or without a mail server", async () => {
  const { id, owner } = await people.business();
  await ring(id, "one");
  await mail(id, false);
  await owner.patch("/api/settings", { alerts_by_mail: false });
  await mail(id);
  expect(sent).toEqual([]);
  await owner.patch("/api/settings", { alerts_by_mail: true });
  await people.db.inBusiness(id, ({ trx }) => trx("users").update({ status: "suspended" }));
  await mail(id);
  expect(sent).toEqual([]);
});

test("a mail that could not be sent is tried again", async () => {
  const { id } = await people.business();
  await ring(id, "one");
  const send = () => Promise.reject(new Error("550 not here"));
  const failing = notificationJobs({
    ...people,
    ...{ public_base_url: "x", mailer: { by_mail: true, send } },
  });
  await expect(failing[TASK]!({ business_id: id }, {} as never)).rejects.toThrow("550");
  await mail(id);
  expect(sent).toHaveLength(1);
});

test("an alert of the agency's own is mailed to its administrators, unless one has seen it", async () => {
  const task = "notifications.mail_agency";
  const news = { kind: "backup_failed", title: "הגיבוי נכשל", body: "No space left", alert: true };
  const ringAgency = (dedupe_key: string) =>
    people.db.inSystem((tx) => notifyAgency(tx, { ...news, dedupe_key }, people.log));
  const mailAgency = async () => {
    for (const { payload } of await pendingJobs(people.url, task)) {
      await jobsWith(true)[task]!({ business_id: 0, ...payload }, {} as never);
    }
  };
  await ringAgency("seen");
  await people.admin.post("/api/admin/notifications/read-all");
  await mailAgency();
  expect(sent).toEqual([]);
  await ringAgency("unseen");
  await mailAgency();
  const text = "No space left\n\nhttps://phone.example/app\n";
  expect(sent).toMatchObject([{ to: ADMIN.email, subject: "הגיבוי נכשל", text }]);
});
