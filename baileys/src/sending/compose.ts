import type { GatewaySend } from "@agentlocator/contract";
import { generateWAMessageContent, proto } from "@whiskeysockets/baileys";
import type { AnyMessageContent } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import type { MessageStore } from "../storage/index.ts";
import { unwrap } from "../incoming/content.ts";
import { libraryLog } from "../session/library-log.ts";
import type { Sock } from "../session/socket.ts";

export interface FetchedMedia {
  readonly bytes: Buffer;
  /** As the server named it, without checks. */
  readonly mimetype: string;
}

export interface ComposeDeps {
  readonly sock: Sock;
  readonly messages: MessageStore;
  readonly fetchMedia: (url: string, type: GatewaySend["type"]) => Promise<FetchedMedia>;
  readonly log: Logger;
}

/** WhatsApp's message out of what was asked for. Fetches and uploads its media. */
export async function compose(
  deps: ComposeDeps,
  send: GatewaySend,
  jid: string,
): Promise<proto.IMessage> {
  const { sock, log } = deps;
  const content = await contentFor(deps, send);
  const message = await generateWAMessageContent(content, {
    upload: sock.waUploadToServer,
    logger: libraryLog(log),
    jid,
  });
  if (send.replyTo) await quote(deps, message, send.replyTo, jid);
  return message;
}

async function contentFor(deps: ComposeDeps, send: GatewaySend): Promise<AnyMessageContent> {
  const { type, text = "", mediaUrl, fileName } = send;
  // Without the null the library would fetch addresses that the text names.
  if (type === "text" || !mediaUrl) return { text, linkPreview: null };
  const { bytes, mimetype } = await deps.fetchMedia(mediaUrl, type);
  const caption = text ? { caption: text } : {};
  switch (type) {
    case "image":
      return { image: bytes, mimetype, ...caption };
    case "video":
      return { video: bytes, mimetype, ...caption };
    case "audio":
      // Opus in Ogg is what WhatsApp plays as a voice note.
      return mimetype.startsWith("audio/ogg")
        ? { audio: bytes, mimetype: "audio/ogg; codecs=opus", ptt: true }
        : { audio: bytes, mimetype };
    case "document":
      return { document: bytes, mimetype, fileName: fileName ?? "file", ...caption };
  }
}

/** Shows which message this one answers; with its words when they are still stored. */
async function quote(
  { sock, messages }: ComposeDeps,
  message: proto.IMessage,
  id: string,
  jid: string,
): Promise<void> {
  const theirs = await messages.get({ fromMe: false, id, chat: jid });
  const ours = theirs ? undefined : await messages.get({ fromMe: true, id });
  const bytes = theirs ?? ours;
  const contextInfo: proto.IContextInfo = {
    stanzaId: id,
    participant: (ours && sock.user?.id) || jid,
    quotedMessage: bytes ? withoutContext(unwrap(proto.Message.decode(bytes))) : {},
  };
  for (const part of Object.values(message) as unknown[]) {
    if (typeof part !== "object" || part === null || part === message.messageContextInfo) continue;
    Object.assign(part, { contextInfo });
    return;
  }
}

function withoutContext(message: proto.IMessage): proto.IMessage {
  for (const part of Object.values(message) as unknown[]) {
    if (typeof part === "object" && part !== null && "contextInfo" in part) {
      delete part.contextInfo;
    }
  }
  return message;
}
