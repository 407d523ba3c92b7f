import { randomBytes } from "node:crypto";
import { aesDecryptGCM, aesEncryptGCM, hkdf, proto } from "@whiskeysockets/baileys";
import { bytes, child, Malformed, stanza, type Stanza } from "../stanza.ts";
import { mediaOf } from "./content.ts";
import type { MediaHost } from "./host.ts";

const { SUCCESS, NOT_FOUND } = proto.MediaRetryNotification.ResultType;

/**
 * Answers a client that found a file gone and asks its phone to upload it again.
 * @throws Malformed when the request is not encrypted for this message
 */
export function mediaRetry(host: MediaHost, message: proto.IMessage, request: Stanza): Stanza[] {
  const id = request.attrs["id"]!;
  const media = mediaOf(message);
  const key = media?.fields.mediaKey as Uint8Array | undefined;
  if (!media || !key) throw new Malformed("asked again for a message without a file");
  const info = "WhatsApp Media Retry Notification";
  const secret = Buffer.from(hkdf(Buffer.from(key), 32, { info }));
  const encrypt = child(request, "encrypt");
  const [sealed, iv] = [bytes(child(encrypt, "enc_p")), bytes(child(encrypt, "enc_iv"), 12)];
  const opened = aesDecryptGCM(sealed, secret, iv, Buffer.from(id));
  if (proto.ServerErrorReceipt.decode(opened).stanzaId !== id) throw new Malformed("another id");

  const found = host.restore(media.fields.directPath as string);
  const answer = proto.MediaRetryNotification.encode({
    stanzaId: id,
    result: found ? SUCCESS : NOT_FOUND,
    ...found,
  }).finish();
  const nonce = randomBytes(12);
  const content = aesEncryptGCM(answer, secret, nonce, Buffer.from(id));
  const { jid, from_me } = child(request, "rmr").attrs;
  return [
    stanza("rmr", { jid, from_me }),
    stanza("encrypt", {}, [stanza("enc_p", {}, content), stanza("enc_iv", {}, nonce)]),
  ];
}
