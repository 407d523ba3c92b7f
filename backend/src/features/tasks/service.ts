import type { Task } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { notFound } from "../../http/problem.ts";
import { requireContact } from "../contacts/index.ts";
import { planReminder, settleReminder } from "./reminders.ts";
import {
  deleteTask,
  findTask,
  insertTask,
  isUserOfBusiness,
  lockTask,
  updateTask,
  type NewTask,
  type TaskChanges,
} from "./store.ts";

const noTask = () => notFound("This task");

/** Throws the 404 problem when the business has no such task. */
export async function requireTask(tx: BusinessTx, id: number): Promise<Task> {
  const task = await findTask(tx, id);
  if (!task) throw noTask();
  return task;
}

/**
 * Makes a task, for a person or for the product itself. Null when one with its `dedupe_key` is
 * there already. Throws 404 when it names a contact or a user that is not the business's.
 */
export async function createTask(tx: BusinessTx, task: NewTask): Promise<Task | null> {
  await requireOurs(tx, task);
  const created = await insertTask(tx, task);
  if (!created) return null;
  if (created.status === "open") await planReminder(tx, created);
  tx.emit("task", { id: created.id });
  return created;
}

/** Throws 404 as `createTask` does, and when there is no such task. */
export async function changeTask(tx: BusinessTx, id: number, changes: TaskChanges): Promise<Task> {
  await requireOurs(tx, changes);
  const before = await lockTask(tx, id);
  const task = before && (await updateTask(tx, id, changes));
  if (!task) throw noTask();
  const moved = task.remind_at !== before.remind_at;
  if (moved || task.status === "done") await settleReminder(tx, before);
  // Taken up again, a task rings for the time that was missed meanwhile.
  if (task.status === "open" && (moved || before.status === "done")) await planReminder(tx, task);
  tx.emit("task", { id });
  return task;
}

/** Throws 404 when there is no such task. */
export async function removeTask(tx: BusinessTx, id: number): Promise<void> {
  const task = await deleteTask(tx, id);
  if (!task) throw noTask();
  await settleReminder(tx, task);
  tx.emit("task", { id });
}

async function requireOurs(tx: BusinessTx, task: TaskChanges): Promise<void> {
  if (task.contact_id) await requireContact(tx, task.contact_id);
  const { assigned_to } = task;
  if (assigned_to && !(await isUserOfBusiness(tx, assigned_to))) throw notFound("This user");
}
