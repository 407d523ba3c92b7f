import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

/** A business may have several numbers at Twilio; a customer is answered from the one they wrote to. */
export const ownNumber: Knex.Migration = {
  async up(knex) {
    await knex.raw("alter table messages add column to_number text");
  },
  down: forwardOnly,
};
