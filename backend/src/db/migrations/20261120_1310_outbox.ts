import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

/** What goes out by WhatsApp: how each message's sending stands, and Twilio's templates. */
export const outbox: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    create table outbox (
      business_id int not null references businesses (id) on delete cascade,
      message_id int not null,
      idempotency_key text not null,
      -- Of what was asked for: the same key with another body is refused.
      body_hash text not null,
      asked_provider text check (asked_provider in ('baileys', 'twilio')),
      -- {"content_sid", "variables"}
      template jsonb,
      -- trying: a provider may have it. accepted: a provider has it, its receipt is awaited.
      state text not null default 'waiting'
        check (state in ('waiting', 'trying', 'accepted', 'done')),
      -- A key that was withdrawn at the gateway is never good again; the next one has another number.
      generation int not null default 0,
      attempts int not null default 0,
      attempt_at timestamptz,
      queued_at timestamptz not null default now(),
      -- When to look again; null: nobody does, a person decides.
      next_at timestamptz default now(),
      -- A person said to send it again although it is not known whether it was sent.
      insisted boolean not null default false,
      -- Twilio said that its window is closed, whatever was thought here.
      window_refused boolean not null default false,
      primary key (business_id, message_id),
      unique (business_id, idempotency_key),
      foreign key (business_id, message_id) references messages (business_id, id) on delete cascade
    );
    create index on outbox (next_at) where state <> 'done';
    create index on outbox (business_id, message_id) where state <> 'done';
    call protect_table('outbox', 'business_id');

    create table whatsapp_templates (
      id int generated always as identity primary key,
      business_id int not null references businesses (id) on delete cascade,
      content_sid text not null,
      name text not null,
      language text not null,
      body text not null,
      -- Name of each variable with an example.
      variables jsonb not null,
      status text not null check (status in
        ('unsubmitted', 'received', 'pending', 'approved', 'rejected', 'paused', 'disabled')),
      category text,
      synced_at timestamptz not null default now(),
      unique (business_id, id),
      unique (business_id, content_sid)
    );
    call protect_table('whatsapp_templates', 'business_id');

    -- What a person uploads belongs to no message until it is sent.
    alter table media alter column message_id drop not null,
      drop constraint media_source_check,
      add constraint media_source_check check (source in ('twilio', 'gateway', 'upload'));

    -- May the gateway write to somebody who never wrote to it?
    alter table settings add column whatsapp_write_first boolean not null default false;
  `);
  },
  down: forwardOnly,
};
