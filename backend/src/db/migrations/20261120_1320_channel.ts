import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

export const channel: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- What is known of a business's session at the WhatsApp gateway.
    create table whatsapp_channels (
      business_id int primary key references businesses (id) on delete cascade,
      state text not null default 'close'
        check (state in ('connecting', 'open', 'close', 'logout')),
      reason text check (reason in ('qr', 'pairing_code', 'qr_expired', 'passkey_required',
        'logged_out', 'replaced', 'forbidden', 'outdated', 'quarantined', 'deaf', 'unreachable')),
      phone text,
      detail text,
      -- When the state began, by the gateway's clock: a report of an earlier state is an old one.
      since timestamptz not null default 'epoch',
      last_seen timestamptz,
      attempt int not null default 0,
      -- How many of them a person has been told of, although the connection stood for a moment.
      attempts_told int not null default 0,
      next_retry_at timestamptz,
      -- Whether the gateway answered when it was last asked.
      reachable boolean not null default true,
      -- When this pairing first stood; null: nothing to lose, so no bell.
      paired_at timestamptz,
      disconnect_asked_at timestamptz,
      down_since timestamptz,
      watched_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    call protect_table('whatsapp_channels', 'business_id');

    create table whatsapp_incidents (
      id int generated always as identity primary key,
      business_id int not null references businesses (id) on delete cascade,
      reason text,
      opened_at timestamptz not null default now(),
      closed_at timestamptz,
      unique (business_id, id)
    );
    create unique index whatsapp_incidents_open on whatsapp_incidents (business_id)
      where closed_at is null;
    create index on whatsapp_incidents (business_id, id desc);
    call protect_table('whatsapp_incidents', 'business_id');
  `);
  },
  down: forwardOnly,
};
