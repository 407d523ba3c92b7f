import { z } from "zod";
import { GivenTime, Id, Time } from "./common.ts";

export const Task = z
  .object({
    id: Id,
    business_id: Id,
    title: z.string(),
    body: z.string(),
    status: z.enum(["open", "done"]),
    due_at: Time.nullable(),
    remind_at: Time.nullable(),
    created_by: Id.nullable(),
    assigned_to: Id.nullable(),
    contact_id: Id.nullable(),
    call_sid: z.string().nullable(),
    thread_id: Id.nullable(),
    created_at: Time,
  })
  .meta({ id: "Task" });
export type Task = z.infer<typeof Task>;

const writable = {
  title: z.string().trim().min(1).max(300),
  body: z.string().max(10_000),
  status: z.enum(["open", "done"]),
  due_at: GivenTime.nullable(),
  remind_at: GivenTime.nullable(),
  assigned_to: Id.nullable(),
  contact_id: Id.nullable(),
};

export const TaskCreate = z
  .strictObject(writable)
  .partial()
  .required({ title: true })
  .meta({ id: "TaskCreate" });
export const TaskPatch = z.strictObject(writable).partial().meta({ id: "TaskPatch" });

export const Notification = z
  .object({
    id: Id,
    kind: z.string(),
    title: z.string(),
    body: z.string(),
    link: z.string().nullable(),
    read_at: Time.nullable(),
    resolved_at: Time.nullable(),
    created_at: Time,
  })
  .meta({ id: "Notification" });
export type Notification = z.infer<typeof Notification>;
