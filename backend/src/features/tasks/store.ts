import type { Task } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import type { Page, PageAsked } from "../../http/page-by-time.ts";
import { pageById } from "../../http/page.ts";

const COLUMNS = [
  "id",
  "business_id",
  "title",
  "body",
  "status",
  "due_at",
  "remind_at",
  "created_by",
  "assigned_to",
  "contact_id",
  "call_sid",
  "thread_id",
  "created_at",
] as const;

export interface TaskFilter {
  status?: Task["status"] | undefined;
  assigned_to?: number | undefined;
  contact_id?: number | undefined;
}

export function listTasks(
  tx: BusinessTx,
  { limit, cursor, ...filter }: PageAsked & TaskFilter,
): Promise<Page<Task>> {
  const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const query = tx.trx("tasks").select(COLUMNS).where(wanted);
  return pageById<Task>(query, { limit, cursor });
}

export async function findTask(tx: BusinessTx, id: number): Promise<Task | null> {
  return (await tx.trx("tasks").where({ id }).first(COLUMNS)) ?? null;
}

/** The task, held as it is until the commit. */
export async function lockTask(tx: BusinessTx, id: number): Promise<Task | null> {
  return (await tx.trx("tasks").where({ id }).forUpdate().first(COLUMNS)) ?? null;
}

/** What a task is made of; what is left out is empty. */
export interface NewTask {
  title: string;
  body?: string | undefined;
  status?: Task["status"] | undefined;
  due_at?: string | null | undefined;
  remind_at?: string | null | undefined;
  /** The person who made it; none when the product did. */
  created_by?: number | null;
  assigned_to?: number | null | undefined;
  contact_id?: number | null | undefined;
  call_sid?: string | null | undefined;
  thread_id?: number | null | undefined;
  /** With the key of an earlier task, none is made. */
  dedupe_key?: string | undefined;
}

/** Null when a task with its `dedupe_key` is there already. */
export async function insertTask(tx: BusinessTx, task: NewTask): Promise<Task | null> {
  const { business_id } = tx;
  const rows = await tx
    .trx("tasks")
    .insert({ business_id, ...task })
    .onConflict(["business_id", "dedupe_key"])
    .ignore()
    .returning(COLUMNS);
  return rows[0] ?? null;
}

export type TaskChanges = Omit<NewTask, "title" | "created_by" | "dedupe_key"> & {
  title?: string | undefined;
};

/** Null when there is no such task. */
export async function updateTask(
  tx: BusinessTx,
  id: number,
  changes: TaskChanges,
): Promise<Task | null> {
  if (Object.keys(changes).length === 0) return findTask(tx, id);
  const rows = await tx.trx("tasks").where({ id }).update(changes).returning(COLUMNS);
  return rows[0] ?? null;
}

/** The task as it was; null when there was none. */
export async function deleteTask(tx: BusinessTx, id: number): Promise<Task | null> {
  const [row] = await tx
    .trx("tasks")
    .where({ id })
    .delete()
    .returning<Task[]>(COLUMNS as never);
  return row ?? null;
}

export async function isUserOfBusiness(tx: BusinessTx, id: number): Promise<boolean> {
  return (await tx.trx("users").where({ id }).first("id")) !== undefined;
}
