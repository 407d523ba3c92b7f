import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

/** What became of each backup and each restore, and the bell of the agency's own administrators. */
export const backups: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- Written by the backup itself, as the server's superuser.
    create table backups (
      id int generated always as identity primary key,
      started_at timestamptz not null,
      finished_at timestamptz not null default now(),
      -- Of the file; null: it failed, and error says why.
      name text,
      bytes bigint,
      version text not null,
      encrypted boolean not null default false,
      error text,
      check ((name is null) = (error is not null))
    );
    create index on backups (started_at);
    call protect_table('backups', null);

    create table restores (
      id int generated always as identity primary key,
      restored_at timestamptz not null default now(),
      -- When the backup was made.
      made_at timestamptz not null
    );
    call protect_table('restores', null);

    create unique index on notifications (dedupe_key) where business_id is null;
  `);
  },
  down: forwardOnly,
};
