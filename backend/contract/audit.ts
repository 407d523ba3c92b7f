import { z } from "zod";
import { Id, Time } from "./common.ts";

/** Something a person did that others may have to trace. */
export const AuditEntry = z
  .object({
    id: z.number().int(),
    /** e.g. `settings.changed`, `user.suspended`, `impersonation.started` */
    action: z.string(),
    /** What it was done to, e.g. `user:7`. */
    subject: z.string().nullable(),
    actor_user_id: Id.nullable(),
    /** null when the actor is of the agency and not of this business. */
    actor_name: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
    created_at: Time,
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof AuditEntry>;
