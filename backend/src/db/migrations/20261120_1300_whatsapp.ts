import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";

/** What comes in by WhatsApp: one thread to a customer, changes, receipts, media. */
export const whatsapp: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
    -- A customer has one WhatsApp thread, whichever provider carries it.
    drop index threads_peer;
    create unique index threads_peer on threads (business_id, type, peer_number)
      where peer_number <> '';
    create unique index threads_whatsapp on threads (business_id, contact_id)
      where type = 'whatsapp';

    -- Whom the gateway tells that it was read, and when a person of the business read it.
    alter table messages add column remote_jid text, add column read_at timestamptz;
    -- Late messages are shown at their own time.
    create index on messages (business_id, thread_id, created_at desc, id desc);
    -- A status callback names the message alone.
    create index on messages (provider, provider_msg_id);

    -- Reactions, edits and deletes as they were told. A message shows the sum of those about it,
    -- so that neither their order nor whether they came before it matters.
    create table message_changes (
      id bigint generated always as identity primary key,
      business_id int not null references businesses (id) on delete cascade,
      provider text not null check (provider in ('twilio', 'baileys')),
      provider_msg_id text not null,
      target_msg_id text not null,
      kind text not null check (kind in ('reaction', 'edit', 'delete')),
      by_customer boolean not null,
      text text,
      occurred_at timestamptz not null,
      created_at timestamptz not null default now(),
      unique (business_id, provider, provider_msg_id)
    );
    create index on message_changes (business_id, provider, target_msg_id);
    create index on message_changes (created_at);
    call protect_table('message_changes', 'business_id');

    -- Receipts for messages whose provider's id is not known here yet.
    create table early_receipts (
      business_id int not null references businesses (id) on delete cascade,
      provider text not null check (provider in ('twilio', 'baileys')),
      provider_msg_id text not null,
      status text not null check (status in ('sent', 'delivered', 'read', 'failed')),
      error text,
      created_at timestamptz not null default now(),
      primary key (business_id, provider, provider_msg_id)
    );
    create index on early_receipts (created_at);
    call protect_table('early_receipts', 'business_id');

    create table media (
      id int generated always as identity primary key,
      business_id int not null references businesses (id) on delete cascade,
      message_id int not null,
      -- Where its bytes are fetched: Twilio's address, or the gateway's reference.
      source text not null check (source in ('twilio', 'gateway')),
      source_ref text not null,
      -- What its sender says of it.
      claimed_type text not null default '',
      file_name text,
      seconds real,
      voice boolean not null default false,
      -- What it is, once it is stored.
      storage_path text,
      content_type text,
      size int,
      sha256 text,
      -- Why it can't be had.
      error text,
      created_at timestamptz not null default now(),
      unique (business_id, id),
      foreign key (business_id, message_id) references messages (business_id, id) on delete cascade
    );
    create index on media (business_id, message_id);
    call protect_table('media', 'business_id');

    -- Authentic webhooks that belong to no business or can't be understood, for the agency.
    create table webhooks_aside (
      id int generated always as identity primary key,
      source text not null check (source in ('gateway', 'twilio', 'twilio_status')),
      reason text not null,
      detail text not null,
      payload text not null,
      created_at timestamptz not null default now()
    );
    create index on webhooks_aside (created_at);
    call protect_table('webhooks_aside', null);
  `);
  },
  down: forwardOnly,
};
