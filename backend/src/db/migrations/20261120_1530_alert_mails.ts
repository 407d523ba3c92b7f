import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

export const alertMails: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    alter table settings add column alerts_by_mail boolean not null default true;
    -- An alert is also mailed to the owners, unless somebody has seen it before.
    alter table notifications add column alert boolean not null default false;
    alter table notifications add column mailed_at timestamptz;
    create index on notifications (business_id, mailed_at) where alert;
  `);
  },
  down: forwardOnly,
};
