import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

export const schemaFloor: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- The migrations that code must know to run on this schema; see migrate.ts.
    create table schema_floor (migration text primary key);
    call protect_table('schema_floor', null);
  `);
  },
  down: forwardOnly,
};
