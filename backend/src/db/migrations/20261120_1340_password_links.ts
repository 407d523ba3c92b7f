import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

export const passwordLinks: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- Null: invited, and nothing is a password of theirs yet.
    alter table users alter column password_hash drop not null;

    -- Links that set a user's password, once. Only their hashes are stored.
    create table password_links (
      token_hash text primary key,
      user_id int not null references users (id) on delete cascade,
      expires_at timestamptz not null
    );
    create index on password_links (user_id);
    call protect_table('password_links', null);
    -- A business makes and revokes those of its own users, which the subquery alone can see. What
    -- was made it can't read.
    grant insert, select (user_id), delete on password_links to agentlocator_app;
    create policy own_users on password_links to agentlocator_app
      using (exists (select from users where users.id = password_links.user_id));
  `);
  },
  down: forwardOnly,
};
