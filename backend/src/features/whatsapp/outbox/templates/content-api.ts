import { WhatsappTemplate } from "@agentlocator/contract";
import type twilio from "twilio";
import { z } from "zod";
import { placeholders } from "./variables.ts";

const Status = WhatsappTemplate.shape.status;

/** What is read of a content; each type (`twilio/text`, `twilio/card`, …) has its own shape. */
const Content = z.object({
  sid: z.string().max(64),
  friendlyName: z.string().max(500),
  language: z.string().max(40),
  variables: z.record(z.string(), z.coerce.string()).nullish(),
  types: z.record(z.string(), z.looseObject({})),
  approvalRequests: z
    .looseObject({ name: z.string(), category: z.string().nullable(), status: z.string() })
    .partial()
    .nullish(),
});

const MOST = 1000;

/**
 * The account's templates with WhatsApp's approval. What has no text at all is passed over: nobody
 * could see what is sent.
 * @throws Twilio's error, or the network's
 */
export async function fetchTemplates(client: twilio.Twilio): Promise<WhatsappTemplate[]> {
  const found = await client.content.v1.contentAndApprovals.list({ limit: MOST, pageSize: 100 });
  return found.map(read).filter((template) => template !== null);
}

function read(instance: unknown): WhatsappTemplate | null {
  const content = Content.safeParse(instance).data;
  const body = content && bodyOf(content.types);
  if (!body) return null;
  const { sid, friendlyName, language, approvalRequests } = content;
  const examples = content.variables ?? {};
  const names = new Set([...placeholders(body), ...Object.keys(examples)]);
  return {
    content_sid: sid,
    // The name that WhatsApp knows, if it was submitted.
    name: approvalRequests?.name || friendlyName,
    language,
    body,
    variables: Object.fromEntries([...names].map((name) => [name, examples[name] ?? ""])),
    status: Status.safeParse(approvalRequests?.status).data ?? "unsubmitted",
    category: approvalRequests?.category || null,
  };
}

/** The text of the first type that has one: `body`, or a card's `title`. */
function bodyOf(types: Record<string, Record<string, unknown>>): string | null {
  for (const type of Object.values(types)) {
    const text = type.body ?? type.title;
    if (typeof text === "string" && text !== "") return text.slice(0, 4096);
  }
  return null;
}
