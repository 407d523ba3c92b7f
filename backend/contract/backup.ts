import { z } from "zod";
import { Id, Time } from "./common.ts";

/** One attempt at a backup. It has a name and a size, or an error. */
export const Backup = z
  .object({
    id: Id,
    started_at: Time,
    finished_at: Time,
    /** Of its file; null when it failed. */
    name: z.string().nullable(),
    bytes: z.number().nullable(),
    encrypted: z.boolean(),
    /** Of the product that made it. */
    version: z.string(),
    /** What the backup said last before it failed; null: it was restored as a test. */
    error: z.string().nullable(),
  })
  .meta({ id: "Backup" });
export type Backup = z.infer<typeof Backup>;

/** How the installation stands with its backups. */
export const BackupStatus = z
  .object({
    /** `off`: this installation makes none by itself, e.g. without Docker. */
    state: z.enum(["off", "none_yet", "ok", "overdue"]),
    /** How old the newest one may become; hours. */
    max_age_hours: z.number().nullable(),
    newest: Backup.nullable(),
    /** The latest attempt, when it failed. */
    failed: Backup.nullable(),
    /** When the data were restored the last time. */
    restored_at: Time.nullable(),
    /** Of when the data were that were restored. */
    restored_made_at: Time.nullable(),
    /** Media that is kept elsewhere and in no backup: the bucket's name. */
    bucket_not_included: z.string().nullable(),
  })
  .meta({ id: "BackupStatus" });
export type BackupStatus = z.infer<typeof BackupStatus>;
