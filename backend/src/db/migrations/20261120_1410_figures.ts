import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

/** What /metrics asks several times a minute, across businesses, is found without reading all. */
export const figures: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    create index calls_recent on calls (started_at);
    create index messages_not_sent on messages (created_at) where status = 'failed';
    create index threads_unanswered on threads (answer_failing_since)
      where answer_failing_since is not null;
  `);
  },
  down: forwardOnly,
};
