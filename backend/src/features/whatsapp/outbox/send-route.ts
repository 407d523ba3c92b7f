import { WhatsappSend, WhatsappSent, type Message } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../../db/database.ts";
import { notFound, problem } from "../../../http/problem.ts";
import { defineRoute, type Route } from "../../../http/route.ts";
import type { Clock } from "../../../platform/clock.ts";
import { normalisePhone, regionOf } from "../../../platform/phone.ts";
import { pauseAgent, requireMessage } from "../../conversations/index.ts";
import { customerAt, type Address } from "../inbound/customer.ts";
import { again } from "../inbound/deliver.ts";
import { requireSendable } from "./decide.ts";
import { readPriority, type FactsDeps } from "./facts.ts";
import type { KeepMedia } from "./keep-media.ts";
import { findQueued, queueMessage } from "./queue.ts";
import { requireTemplate } from "./templates/index.ts";

export interface SendRouteDeps {
  db: Database;
  clock: Clock;
  facts: FactsDeps;
  /** Brings a picture or document from an address on the web. */
  keepMedia: KeepMedia;
}

/** `POST /api/whatsapp/send`: a person writes to a customer. */
export function sendRoute(deps: SendRouteDeps): Route {
  const { db } = deps;
  return defineRoute({
    id: "sendWhatsapp",
    method: "post",
    path: "/api/whatsapp/send",
    summary: "Writes to a customer; the same idempotency_key never sends twice",
    access: { business: "threads.write" },
    body: WhatsappSend,
    response: WhatsappSent,
    rate_limit: { points: 120, seconds: 60 },
    // An attachment from the web is fetched in between.
    transaction: false,
    handler: async ({ business_id, body }) => {
      const prepared = await db.inBusiness(business_id, async (tx) => {
        const address = await readRecipient(tx, body.to);
        const asked_for = { ...body, to: address.phone ?? address.lid, idempotency_key: undefined };
        const message = await findQueued(tx, body.idempotency_key, asked_for);
        return { address, asked_for, message };
      });
      if (prepared.message) return { ok: true as const, message: prepared.message };
      const media_url = body.media_url && (await deps.keepMedia(business_id, body.media_url));
      const message = await again(() =>
        db.inBusiness(business_id, (tx) => send(tx, { ...body, media_url }, prepared, deps)),
      );
      return { ok: true as const, message };
    },
  });
}

async function send(
  tx: BusinessTx,
  body: WhatsappSend,
  { address, asked_for }: { address: Address; asked_for: object },
  { clock, facts }: SendRouteDeps,
): Promise<Message> {
  const { text, media_url, template, provider, reply_to_id, idempotency_key } = body;
  // Before anything is locked or written: another request may have come with the same key.
  const known = await findQueued(tx, idempotency_key, asked_for);
  if (known) return known;
  const first = provider ?? readPriority(facts.env.WA_PROVIDER_PRIORITY)[0] ?? "baileys";
  const { thread_id } = await customerAt(tx, address, {
    provider: first,
    provider_msg_id: null,
    name: "",
  });
  const found = template === undefined ? null : await requireTemplate(tx, template);
  const approved = found?.status === "approved" ? "approved" : "unapproved";
  await requireSendable(
    tx,
    facts,
    { thread_id, provider: provider ?? null, template: found && approved, text: text ?? null },
    clock.now(),
  );
  if (reply_to_id) await requireAnswered(tx, reply_to_id, thread_id);
  const message = await queueMessage(tx, {
    ...{ thread_id, author: "user", text, media_url, provider, idempotency_key, asked_for },
    reply_to_id,
    ...(found && { template: { name: found.content_sid, variables: body.template_variables } }),
  });
  await pauseAgent(tx, thread_id, new Date(clock.now()));
  return message;
}

/** @throws 404 for a message that is not of this thread */
async function requireAnswered(tx: BusinessTx, id: number, thread_id: number): Promise<void> {
  const message = await requireMessage(tx, id);
  if (message.thread_id !== thread_id) throw notFound("This message");
}

/** The number in E.164, or the LID of somebody whose number is not known. @throws 400 */
async function readRecipient(tx: BusinessTx, to: string): Promise<Address> {
  if (/^\d{3,30}@lid$/.test(to)) return { phone: null, lid: to };
  const business = await tx
    .trx("businesses")
    .where("id", tx.business_id)
    .first<{ phone_number: string | null; whatsapp_number: string | null }>(
      "phone_number",
      "whatsapp_number",
    );
  const region = regionOf(business.phone_number ?? business.whatsapp_number);
  const phone = normalisePhone(to.replace(/@(s\.whatsapp\.net|c\.us)$/i, ""), region);
  if (phone) return { phone, lid: null };
  throw problem(400, "invalid_input", "The request does not fit this address.", {
    errors: [{ path: "body.to", message: "not a phone number" }],
  });
}
