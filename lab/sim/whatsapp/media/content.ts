import type { proto } from "@whiskeysockets/baileys";
import type { Composed, Content } from "../content.ts";
import type { MediaKind } from "./cipher.ts";
import type { MediaFields, MediaHost } from "./host.ts";

/** A file that somebody sends. */
export type MediaContent =
  | { image: Buffer; caption?: string; mimetype?: string }
  | { video: Buffer; caption?: string; mimetype?: string; seconds?: number }
  /** A voice note: OGG with Opus. */
  | { voice: Buffer; seconds?: number }
  | { audio: Buffer; mimetype?: string; seconds?: number }
  | { document: Buffer; file_name: string; mimetype?: string; caption?: string }
  | { sticker: Buffer };

const ogg = "audio/ogg; codecs=opus";

export function isMedia(content: Content | MediaContent): content is MediaContent {
  if (typeof content === "string") return false;
  return ["image", "video", "voice", "audio", "document", "sticker"].some(
    (kind) => kind in content,
  );
}

/** Uploads a file and makes its message. */
export async function composeMedia(host: MediaHost, content: MediaContent): Promise<Composed> {
  const [mediatype, message] = await messageFor(host, content);
  return { type: "media", mediatype, message };
}

async function messageFor(
  host: MediaHost,
  content: MediaContent,
): Promise<[string, proto.IMessage]> {
  if ("image" in content) {
    const { image, caption, mimetype = "image/jpeg" } = content;
    const fields = await host.store("image", image);
    return ["image", { imageMessage: { ...fields, mimetype, ...(caption && { caption }) } }];
  }
  if ("video" in content) {
    const { video, caption, mimetype = "video/mp4", seconds = 1 } = content;
    const fields = await host.store("video", video);
    const videoMessage = { ...fields, mimetype, seconds, ...(caption && { caption }) };
    return ["video", { videoMessage }];
  }
  if ("voice" in content) {
    const { voice, seconds = 1 } = content;
    const fields = await host.store("audio", voice);
    return ["ptt", { audioMessage: { ...fields, mimetype: ogg, seconds, ptt: true } }];
  }
  if ("audio" in content) {
    const { audio, mimetype = "audio/mpeg", seconds = 1 } = content;
    const fields = await host.store("audio", audio);
    return ["audio", { audioMessage: { ...fields, mimetype, seconds } }];
  }
  if ("document" in content) {
    const { document, file_name, caption, mimetype = "application/octet-stream" } = content;
    const fields = await host.store("document", document);
    const documentMessage = { ...fields, mimetype, fileName: file_name, title: file_name };
    if (!caption) return ["document", { documentMessage }];
    const message = { documentMessage: { ...documentMessage, caption } };
    return ["document", { documentWithCaptionMessage: { message } }];
  }
  const fields = await host.store("sticker", content.sticker);
  return ["sticker", { stickerMessage: { ...fields, mimetype: "image/webp" } }];
}

/** The file a message carries, and how it is encrypted. */
export function mediaOf(
  message: proto.IMessage,
): { kind: MediaKind; fields: Partial<Record<keyof MediaFields, unknown>> } | null {
  const inner = message.documentWithCaptionMessage?.message ?? message;
  const { imageMessage, videoMessage, audioMessage, documentMessage, stickerMessage } = inner;
  if (imageMessage) return { kind: "image", fields: imageMessage };
  if (videoMessage) return { kind: "video", fields: videoMessage };
  if (audioMessage) return { kind: "audio", fields: audioMessage };
  if (documentMessage) return { kind: "document", fields: documentMessage };
  return stickerMessage ? { kind: "sticker", fields: stickerMessage } : null;
}
