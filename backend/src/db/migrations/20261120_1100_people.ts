import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

export const people: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- A business ends the sessions of its own users, in the transaction that suspends them. The
    -- subquery runs under the row level security of users, so others' sessions are not there.
    grant select (user_id), delete on sessions to agentlocator_app;
    create policy own_users on sessions to agentlocator_app
      using (exists (select from users where users.id = sessions.user_id));

    -- The time zone is one thing, kept in the business and in its settings alike.
    grant update (timezone) on businesses to agentlocator_app;
  `);
  },
  down: forwardOnly,
};
