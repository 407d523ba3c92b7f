import { createHash } from "node:crypto";
import type { GatewayMessageEvent } from "@agentlocator/contract";
import { decryptPollVote, proto } from "@whiskeysockets/baileys";
import { customerJid } from "../session/jid.ts";
import type { MessageKey, MessageStore } from "../storage/index.ts";
import { unwrap } from "./content.ts";
import type { Envelope, Self } from "./incoming.ts";
import { pollIn } from "./polls.ts";

type Vote = Pick<GatewayMessageEvent, "type" | "text" | "reply_to">;

/**
 * What was chosen in a poll, as a text that answers the poll; null for a message that is no vote,
 * and for a vote in a poll that is not kept here any more, without which it can't be decrypted.
 */
export async function voteIn(
  message: proto.IMessage,
  envelope: Envelope,
  self: Self,
  messages: Pick<MessageStore, "get">,
): Promise<Vote | null> {
  const { pollCreationMessageKey, vote } = unwrap(message).pollUpdateMessage ?? {};
  const id = pollCreationMessageKey?.id;
  if (!id || !vote?.encPayload || !vote.encIv) return null;
  const ours = [self.id, self.lid].map(customerJid).filter((jid) => jid !== null);
  const theirs = [envelope.remote_jid, envelope.alt_jid].filter((jid) => jid !== null);
  const places: { key: MessageKey; creators: string[] }[] = [
    { key: { fromMe: true, id }, creators: ours },
    ...theirs.map((chat) => ({ key: { fromMe: false as const, id, chat }, creators: theirs })),
  ];
  for (const { key, creators } of places) {
    const bytes = await messages.get(key);
    const voters = envelope.from_me ? ours : theirs;
    const chosen = bytes && choice(proto.Message.decode(bytes), id, vote, creators, voters);
    if (chosen) return { type: "text", text: `🗳️ ${chosen.join(", ") || "–"}`, reply_to: id };
  }
  return null;
}

/** The options by name. Which of both addresses either side used is not told: the right ones fit. */
function choice(
  poll: proto.IMessage,
  id: string,
  vote: proto.Message.IPollEncValue,
  creators: string[],
  voters: string[],
): string[] | null {
  const inner = unwrap(poll);
  const info = inner.messageContextInfo ?? poll.messageContextInfo;
  const secret = info?.messageSecret;
  const options = pollIn(inner)?.options ?? [];
  if (!secret) return null;
  for (const creator of creators) {
    for (const voter of voters) {
      try {
        const { selectedOptions } = decryptPollVote(vote, {
          ...{ pollCreatorJid: creator, pollMsgId: id },
          ...{ pollEncKey: secret, voterJid: voter },
        });
        const hashes = new Set(selectedOptions?.map((hash) => Buffer.from(hash).toString("hex")));
        const names = options.map(({ optionName }) => optionName ?? "");
        return names.filter((name) => hashes.has(createHash("sha256").update(name).digest("hex")));
      } catch {
        // Another pair of addresses, then.
      }
    }
  }
  return null;
}
