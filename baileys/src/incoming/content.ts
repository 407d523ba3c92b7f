import type { GatewayMessageEvent } from "@agentlocator/contract";
import type { proto } from "@whiskeysockets/baileys";

import { pollIn, pollText } from "./polls.ts";

/** The part of a message event that its content decides. */
export type Content = Pick<
  GatewayMessageEvent,
  "type" | "text" | "location" | "reply_to" | "target"
> & { media: Omit<NonNullable<GatewayMessageEvent["media"]>, "ref"> | null };

const NOTHING = {
  text: null,
  media: null,
  location: null,
  reply_to: null,
  target: null,
} as const satisfies Partial<Content>;

const EDIT = 14;
const REVOKE = 0;
const LONGEST_TEXT = 100_000;
const LONGEST_NAME = 300;
const DEEPEST = 8;

/** Messages within messages: disappearing, view once, captioned, edited, of an album… */
const WRAPPERS = [
  "ephemeralMessage",
  "viewOnceMessage",
  "viewOnceMessageV2",
  "viewOnceMessageV2Extension",
  "documentWithCaptionMessage",
  "editedMessage",
  "pollCreationMessageV4",
  "associatedChildMessage",
  "deviceSentMessage",
  "lottieStickerMessage",
  "groupMentionedMessage",
  "botInvokeMessage",
  "botForwardedMessage",
  "questionMessage",
  "questionReplyMessage",
  "limitSharingMessage",
] as const;

/** What belongs to WhatsApp's own housekeeping, or only announces messages that follow. */
const HOUSEKEEPING = new Set([
  "senderKeyDistributionMessage",
  "fastRatchetKeySenderKeyDistributionMessage",
  "messageContextInfo",
  "albumMessage",
  "keepInChatMessage",
  "pinInChatMessage",
  "stickerSyncRmrMessage",
  "messageHistoryBundle",
  "messageHistoryNotice",
]);

/** @returns null for a message that is not one to a person */
export function contentOf(message: proto.IMessage): Content | null {
  const inner = unwrap(message);
  const { protocolMessage, reactionMessage } = inner;
  if (protocolMessage) return ofProtocol(protocolMessage);
  if (reactionMessage) {
    const target = reactionMessage.key?.id ?? null;
    return { ...NOTHING, type: "reaction", text: reactionMessage.text ?? "", target };
  }
  const shown =
    ofMedia(inner) ?? ofPlace(inner) ?? ofContacts(inner) ?? ofPoll(inner) ?? ofText(inner);
  if (shown) return { ...shown, text: cut(shown.text, LONGEST_TEXT), reply_to: quotedIn(inner) };
  const present = Object.entries(inner).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  if (present.every(([key]) => HOUSEKEEPING.has(key))) return null;
  const about = inner.pollUpdateMessage?.pollCreationMessageKey?.id ?? quotedIn(inner);
  return { ...NOTHING, type: "unsupported", text: titleIn(inner), reply_to: about };
}

/** The message inside of its wrappers; also what media and its key are taken from. */
export function unwrap(message: proto.IMessage): proto.IMessage {
  let inner = message;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const next = WRAPPERS.map((name) => inner[name]?.message).find(Boolean);
    if (!next) break;
    inner = next;
  }
  return inner;
}

function ofProtocol(about: proto.Message.IProtocolMessage): Content | null {
  const target = about.key?.id ?? null;
  if (about.type === REVOKE && target) return { ...NOTHING, type: "delete", target };
  if (about.type !== EDIT || !target || !about.editedMessage) return null;
  const edited = contentOf(about.editedMessage);
  return { ...NOTHING, type: "edit", target, text: edited?.text ?? null };
}

function ofMedia(message: proto.IMessage): Content | null {
  const { imageMessage: image, stickerMessage: sticker } = message;
  const { audioMessage: audio, documentMessage: file } = message;
  const video = message.videoMessage ?? message.ptvMessage;
  if (image) return media("image", image, "image/jpeg", { text: image.caption });
  if (video) {
    return media("video", video, "video/mp4", { text: video.caption, seconds: video.seconds });
  }
  if (audio) {
    return media("audio", audio, "audio/ogg; codecs=opus", {
      seconds: audio.seconds,
      voice: audio.ptt === true,
    });
  }
  if (file) {
    return media("document", file, "application/octet-stream", {
      text: file.caption,
      name: file.fileName ?? file.title,
    });
  }
  return sticker ? media("sticker", sticker, "image/webp", {}) : null;
}

interface MediaMore {
  text?: string | null | undefined;
  name?: string | null | undefined;
  seconds?: number | null | undefined;
  voice?: boolean;
}

function media(
  type: "image" | "video" | "audio" | "document" | "sticker",
  from: { mimetype?: string | null; fileLength?: unknown },
  usual: string,
  { text, name, seconds, voice = false }: MediaMore,
): Content {
  return {
    ...NOTHING,
    type,
    text: text || null,
    media: {
      mimetype: cut(from.mimetype || usual, 200) ?? usual,
      size: wholeNumber(from.fileLength),
      file_name: cut(name || null, LONGEST_NAME),
      seconds: typeof seconds === "number" ? seconds : null,
      voice,
    },
  };
}

function ofPlace({ locationMessage, liveLocationMessage }: proto.IMessage): Content | null {
  const place = locationMessage ?? liveLocationMessage;
  const { degreesLatitude: latitude, degreesLongitude: longitude } = place ?? {};
  if (!place || typeof latitude !== "number" || typeof longitude !== "number") return null;
  const { name = null, address = null, comment = null } = locationMessage ?? {};
  return {
    ...NOTHING,
    type: "location",
    text: [comment, address, liveLocationMessage?.caption].find(Boolean) ?? null,
    location: { latitude, longitude, name: name || null },
  };
}

function ofContacts({ contactMessage, contactsArrayMessage }: proto.IMessage): Content | null {
  const cards = contactMessage ? [contactMessage] : contactsArrayMessage?.contacts;
  if (!cards) return null;
  const lines = cards.map(({ displayName, vcard }) =>
    [displayName, ...phonesIn(vcard ?? "")].filter(Boolean).join(" "),
  );
  return { ...NOTHING, type: "contact", text: lines.join("\n") || null };
}

/** `TEL;type=CELL;waid=97250…:+972 50-…` */
const phonesIn = (vcard: string): string[] =>
  vcard
    .slice(0, 20_000)
    .split(/\r?\n/)
    .filter((line) => /^(item\d+\.)?TEL[;:]/i.test(line))
    .map((line) => line.slice(line.indexOf(":") + 1).trim());

function ofPoll(message: proto.IMessage): Content | null {
  const poll = pollIn(message);
  return poll && { ...NOTHING, type: "text", text: pollText(poll) };
}

function ofText(message: proto.IMessage): Content | null {
  const template = message.templateMessage;
  const hydrated = template?.hydratedTemplate ?? template?.hydratedFourRowTemplate;
  const text = [
    message.conversation,
    message.extendedTextMessage?.text,
    message.buttonsResponseMessage?.selectedDisplayText,
    message.listResponseMessage?.title,
    message.templateButtonReplyMessage?.selectedDisplayText,
    message.interactiveResponseMessage?.body?.text,
    message.buttonsMessage?.contentText,
    message.interactiveMessage?.body?.text,
    message.listMessage?.description,
    message.commentMessage?.message?.conversation,
    hydrated?.hydratedContentText,
  ].find(Boolean);
  return text ? { ...NOTHING, type: "text", text } : null;
}

/** What can be told of a message whose kind is not shown. */
function titleIn(message: proto.IMessage): string | null {
  const title = [
    message.eventMessage?.name,
    message.groupInviteMessage?.caption,
    message.orderMessage?.message,
    message.productMessage?.product?.title,
  ].find(Boolean);
  return cut(title ?? null, LONGEST_TEXT);
}

function quotedIn(message: proto.IMessage): string | null {
  for (const part of Object.values(message) as unknown[]) {
    if (typeof part !== "object" || part === null || !("contextInfo" in part)) continue;
    const context = part.contextInfo as proto.IContextInfo | null;
    if (context?.stanzaId) return context.stanzaId.slice(0, 200);
  }
  return null;
}

/** Protocol buffers give 64-bit numbers as objects. */
function wholeNumber(value: unknown): number | null {
  const number = value === null || value === undefined ? NaN : Number(String(value));
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

const cut = (text: string | null, most: number): string | null =>
  text === null ? null : text.slice(0, most);
