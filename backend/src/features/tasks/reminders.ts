import type { Task } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Logger } from "../../platform/log.ts";
import { notify, resolveNotification } from "../notifications/index.ts";
import { loadSettings } from "../settings/index.ts";
import { lockTask } from "./store.ts";

const TASK = "task.remind";
const TITLE = {
  he: (title: string) => `תזכורת: ${title}`,
  en: (title: string) => `Reminder: ${title}`,
};

/** One ring for each time that a task was to be remembered at, however often the job runs. */
const ringOf = ({ id, remind_at }: Task) =>
  `task_reminder:${id}:${new Date(remind_at!).toISOString()}`;

/** Has the bell rung at the task's `remind_at`; a reminder that was planned before is replaced. */
export async function planReminder(tx: BusinessTx, { id, remind_at }: Task): Promise<void> {
  if (remind_at === null) return;
  await tx.enqueue(TASK, { task_id: id }, { key: `remind:${id}`, run_at: new Date(remind_at) });
}

/** Settles the bell of a task that is done, removed or put off, if it has rung. */
export async function settleReminder(tx: BusinessTx, task: Task): Promise<void> {
  if (task.remind_at !== null) await resolveNotification(tx, ringOf(task), new Date());
}

/**
 * `task.remind`: what counts is the task as it stands when its time has come. A job of a time that
 * was changed since plans the new one; of a task that is done or gone, it does nothing.
 */
export function taskJobs({ db, log }: { db: Database; log: Logger }): JobHandlers {
  return {
    [TASK]: ({ business_id, task_id }) =>
      db.inBusiness(business_id, async (tx) => {
        const task = await lockTask(tx, Number(task_id));
        if (!task || task.status === "done" || task.remind_at === null) return;
        if (await isAhead(tx, task.remind_at)) return planReminder(tx, task);
        const { language } = await loadSettings(tx);
        const news = {
          kind: "task_reminder",
          title: TITLE[language.startsWith("he") ? "he" : "en"](task.title),
          body: task.body.slice(0, 300),
          link: `/app/tasks?task=${task.id}`,
          dedupe_key: ringOf(task),
        };
        await notify(tx, news, log);
      }),
  };
}

/** By the clock of the database, which is the one that jobs are run by. */
async function isAhead({ trx }: BusinessTx, at: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { ahead: boolean }[] }>(
    "select ?::timestamptz > now() as ahead",
    [at],
  );
  return rows[0]!.ahead;
}
