import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

export const gatewayLeases: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- The WhatsApp gateways that are there, when there may be several.
    create table whatsapp_gateways (
      -- Of one process, from its start to its end.
      id text primary key,
      url text not null,
      expires_at timestamptz not null
    );
    call protect_table('whatsapp_gateways', null);

    -- Which of them has a business's session. A row outlives its gateway: the epoch must grow.
    create table gateway_leases (
      business_id int primary key references businesses (id) on delete cascade,
      gateway_id text not null,
      url text not null,
      epoch bigint not null,
      expires_at timestamptz not null
    );
    call protect_table('gateway_leases', 'business_id');

    -- Of the lease whose gateway told it; 0: there are no leases.
    alter table whatsapp_channels add column epoch bigint not null default 0;
  `);
  },
  down: forwardOnly,
};
