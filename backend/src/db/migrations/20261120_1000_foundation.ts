import type { Knex } from "knex";
import {
  AGENCY,
  BUSINESS,
  CALLS,
  CONVERSATIONS,
  CRM,
  JOBS,
  LIVE,
  ROLES,
} from "./foundation-sql.ts";

export async function up(knex: Knex): Promise<void> {
  for (const statements of [ROLES, AGENCY, BUSINESS, CONVERSATIONS, CALLS, CRM, LIVE, JOBS]) {
    await knex.raw(statements);
  }
}

export async function down(): Promise<void> {
  throw new Error("migrations only go forward; go back by restoring a backup");
}
