import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

/** The inbox shows each conversation's latest call, and how many wait to be read. */
export const inbox: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    create index on calls (business_id, thread_id, id desc);
    create index threads_unread on threads (business_id) where unread_count > 0;
  `);
  },
  down: forwardOnly,
};
