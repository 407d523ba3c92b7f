import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";
import { AGENCY } from "./foundation/agency.ts";
import { BUSINESS } from "./foundation/business.ts";
import { CALLS } from "./foundation/calls.ts";
import { CONVERSATIONS } from "./foundation/conversations.ts";
import { CRM } from "./foundation/crm.ts";
import { JOBS } from "./foundation/jobs.ts";
import { LIVE } from "./foundation/live.ts";
import { ROLES } from "./foundation/roles.ts";

const PARTS = [ROLES, AGENCY, BUSINESS, CONVERSATIONS, CALLS, CRM, LIVE, JOBS];

export const foundation: Knex.Migration = {
  async up(knex) {
    for (const statements of PARTS) await knex.raw(statements);
  },
  down: forwardOnly,
};
