import { proto } from "@whiskeysockets/baileys";

/** What somebody writes. Ids are those that `writes` and `typed` gave, or that were received. */
export type Content =
  | string
  | { text: string }
  | { location: { latitude: number; longitude: number; name?: string } }
  | { contact: { name: string; phone: string } }
  /** An empty emoji takes the reaction back. */
  | { reaction: { to: string; emoji: string } }
  | { reply: { to: string; text: string } }
  | { edit: { id: string; text: string } }
  | { delete: string }
  /** Anything else WhatsApp knows; `type` is the stanza's, by default "text". */
  | { proto: proto.IMessage; type?: string };

/** What a conversation knows of a message that another one is about. */
export interface Known {
  /** Written by whoever now refers to it. */
  mine: boolean;
  /** Its author's address. */
  author: string;
  message: proto.IMessage;
}

export interface Composed {
  message: proto.IMessage;
  /** The stanza's type. */
  type: string;
  /** The stanza's edit attribute. */
  edit?: string | undefined;
  /** What kind of file the message has. */
  mediatype?: string | undefined;
}

const { ProtocolMessage } = proto.Message;

/**
 * The protobuf message for some content.
 * @param chat the other side's address, as it is in keys
 * @param known looks up what an id stands for
 */
export function compose(content: Content, chat: string, known: (id: string) => Known): Composed {
  const key = (id: string): proto.IMessageKey => ({
    remoteJid: chat,
    fromMe: known(id).mine,
    id,
  });
  if (typeof content === "string") return { type: "text", message: { conversation: content } };
  if ("text" in content) return { type: "text", message: { conversation: content.text } };
  if ("proto" in content) return { type: content.type ?? "text", message: content.proto };
  if ("location" in content) {
    const { latitude, longitude, name = "" } = content.location;
    const locationMessage = { degreesLatitude: latitude, degreesLongitude: longitude, name };
    return { type: "text", message: { locationMessage } };
  }
  if ("contact" in content) {
    const { name, phone } = content.contact;
    const tel = `TEL;type=CELL;waid=${phone.replace("+", "")}:${phone}`;
    const vcard = `BEGIN:VCARD\nVERSION:3.0\nN:;${name};;;\nFN:${name}\n${tel}\nEND:VCARD`;
    return { type: "text", message: { contactMessage: { displayName: name, vcard } } };
  }
  if ("reaction" in content) {
    const { to, emoji } = content.reaction;
    const reactionMessage = { key: key(to), text: emoji, senderTimestampMs: Date.now() };
    return { type: "reaction", message: { reactionMessage } };
  }
  if ("reply" in content) {
    const { author, message: quotedMessage } = known(content.reply.to);
    const contextInfo = { stanzaId: content.reply.to, participant: author, quotedMessage };
    const extendedTextMessage = { text: content.reply.text, contextInfo };
    return { type: "text", message: { extendedTextMessage } };
  }
  if ("edit" in content) {
    const protocolMessage = {
      key: key(content.edit.id),
      type: ProtocolMessage.Type.MESSAGE_EDIT,
      editedMessage: { conversation: content.edit.text },
      timestampMs: Date.now(),
    };
    const message = { editedMessage: { message: { protocolMessage } } };
    return { type: "text", edit: "1", message };
  }
  const protocolMessage = { key: key(content.delete), type: ProtocolMessage.Type.REVOKE };
  return { type: "text", edit: "7", message: { protocolMessage } };
}

/** The words of a message, whatever carries them. */
export function wordsOf(message: proto.IMessage): string | null {
  const document = message.documentWithCaptionMessage?.message ?? message;
  const media = message.imageMessage ?? message.videoMessage ?? document.documentMessage;
  return (
    message.conversation ??
    message.extendedTextMessage?.text ??
    media?.caption ??
    message.reactionMessage?.text ??
    message.protocolMessage?.editedMessage?.conversation ??
    message.protocolMessage?.editedMessage?.extendedTextMessage?.text ??
    null
  );
}
