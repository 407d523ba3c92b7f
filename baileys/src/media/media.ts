import { createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { GatewayMedia, GatewaySend } from "@agentlocator/contract";
import { getMediaKeys, proto } from "@whiskeysockets/baileys";
import type { MediaType } from "@whiskeysockets/baileys";
import type { MessageStore } from "../storage/index.ts";
import { contentOf, unwrap } from "../incoming/content.ts";
import type { FetchedMedia } from "../sending/compose.ts";
import { download, DownloadError } from "./download.ts";
import { mediaLimit } from "./media-limits.ts";
import { mediaKeyOf } from "./media-ref.ts";
import type { Sock } from "../session/socket.ts";
import { within } from "../session/within.ts";

const MAC_BYTES = 10;
const MEDIA_HOST = "mmg.whatsapp.net";

type Kind = "image" | "video" | "audio" | "document" | "sticker";

interface Described {
  readonly kind: Kind;
  readonly mimetype: string;
  readonly mediaKey: Uint8Array;
  readonly url: string;
  readonly sha256: Uint8Array | null;
}

export interface MediaDeps {
  readonly messages: MessageStore;
  readonly timeout_ms: number;
}

/**
 * The media of a stored message, decrypted and checked. Asks the sender's phone to upload it again
 * when WhatsApp has dropped it and there is a connection.
 * @throws DownloadError
 */
export async function openMedia(
  { messages, timeout_ms }: MediaDeps,
  ref: string,
  sock: Sock | null,
): Promise<FetchedMedia> {
  const key = mediaKeyOf(ref);
  const stored = key && (await messages.get(key));
  if (!key || !stored) throw new DownloadError("gone", "This media is not known.");
  const message = unwrap(proto.Message.decode(stored));
  const fetch = async () => {
    const media = describe(message);
    const encrypted = await download({
      url: media.url,
      allowed: ({ hostname }) => hostname.endsWith(".whatsapp.net"),
      trusted_origin: undefined,
      redirects: 0,
      max_bytes: mediaLimit(media.kind) + 1024,
      timeout_ms,
    });
    return { mimetype: media.mimetype, bytes: await decrypt(encrypted.bytes, media) };
  };
  try {
    return await fetch();
  } catch (error) {
    const gone = error instanceof DownloadError && error.reason === "gone";
    if (!gone || !sock || key.fromMe) throw error;
    const place = { remoteJid: key.chat, id: key.id, fromMe: false };
    await within(timeout_ms, sock.updateMediaMessage({ key: place, message })).catch(() => {
      throw error;
    });
    return fetch();
  }
}

function describe(message: proto.IMessage): Described {
  const type = contentOf(message)?.type;
  const media =
    message.imageMessage ??
    message.videoMessage ??
    message.ptvMessage ??
    message.audioMessage ??
    message.documentMessage ??
    message.stickerMessage;
  const { mediaKey, directPath, url, mimetype, fileSha256 } = media ?? {};
  const address = directPath ? `https://${hostIn(url)}${directPath}` : url;
  if (!type || !mediaKey || !address) throw new DownloadError("gone", "It has no media.");
  return {
    kind: type as Kind,
    mimetype: mimetype || "application/octet-stream",
    mediaKey,
    url: address,
    sha256: fileSha256?.length ? fileSha256 : null,
  };
}

/** The sender wrote the address: a host that is not WhatsApp's is not even looked at. */
const hostIn = (url: string | null | undefined): string => {
  const host = url ? URL.parse(url)?.host : undefined;
  return host?.endsWith(".whatsapp.net") ? host : MEDIA_HOST;
};

/** AES-CBC with a cut HMAC at its end; then the hash that the sender gave. */
async function decrypt(encrypted: Buffer, media: Described): Promise<Buffer> {
  const broken = () => new DownloadError("gone", "The media is damaged.");
  if (encrypted.length <= MAC_BYTES) throw broken();
  const { cipherKey, iv, macKey } = await getMediaKeys(media.mediaKey, media.kind as MediaType);
  const body = encrypted.subarray(0, -MAC_BYTES);
  const mac = createHmac("sha256", macKey!).update(iv).update(body).digest().subarray(0, MAC_BYTES);
  if (!timingSafeEqual(mac, encrypted.subarray(-MAC_BYTES))) throw broken();
  try {
    const cipher = createDecipheriv("aes-256-cbc", cipherKey, iv);
    const plain = Buffer.concat([cipher.update(body), cipher.final()]);
    const hash = createHash("sha256").update(plain).digest();
    if (media.sha256 && !hash.equals(media.sha256)) throw broken();
    return plain;
  } catch {
    throw broken();
  }
}

/** Where the backend serves what is to be sent; the rest of the path is signed by it. */
const OWN_MEDIA = "/static/media/";

/**
 * Fetches what is to be sent: from the backend, or from a public https address. The backend's own
 * media is fetched from where it is reached here: its public name may not lead there from inside.
 * @param backend origin of the backend
 */
export function createMediaFetch(backend: string | undefined, timeout_ms: number) {
  return async (url: string, type: GatewaySend["type"]): Promise<FetchedMedia> => {
    const { pathname, search } = new URL(url);
    const own = backend !== undefined && pathname.startsWith(OWN_MEDIA);
    const { bytes, content_type } = await download({
      url: own ? backend + pathname + search : url,
      allowed: () => true,
      trusted_origin: backend,
      redirects: 3,
      max_bytes: mediaLimit(type),
      timeout_ms,
    });
    return { bytes, mimetype: content_type || USUAL[type] };
  };
}

const USUAL: Record<GatewaySend["type"], GatewayMedia["mimetype"]> = {
  text: "text/plain",
  image: "image/jpeg",
  audio: "audio/mpeg",
  video: "video/mp4",
  document: "application/octet-stream",
};
