import type { Knex } from "knex";
import { AGENCY } from "./foundation/agency.ts";
import { BUSINESS } from "./foundation/business.ts";
import { CALLS } from "./foundation/calls.ts";
import { CONVERSATIONS } from "./foundation/conversations.ts";
import { CRM } from "./foundation/crm.ts";
import { JOBS } from "./foundation/jobs.ts";
import { LIVE } from "./foundation/live.ts";
import { ROLES } from "./foundation/roles.ts";

export async function up(knex: Knex): Promise<void> {
  for (const statements of [ROLES, AGENCY, BUSINESS, CONVERSATIONS, CALLS, CRM, LIVE, JOBS]) {
    await knex.raw(statements);
  }
}

export async function down(): Promise<void> {
  throw new Error("migrations only go forward; go back by restoring a backup");
}
