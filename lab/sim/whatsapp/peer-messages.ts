import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { proto } from "@whiskeysockets/baileys";
import { jidOf, type User } from "./conversation.ts";

/** What a phone tells its own devices, and nobody else. */
type PeerMessage = proto.Message.IProtocolMessage;

const {
  APP_STATE_SYNC_KEY_SHARE,
  HISTORY_SYNC_NOTIFICATION,
  PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
} = proto.Message.ProtocolMessage.Type;
const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType;

/** A key for the account's settings. */
export function appStateKey(): PeerMessage {
  const keyId = { keyId: Buffer.concat([Buffer.from([0, 0]), randomBytes(4)]) };
  const fingerprint = { rawId: 1, currentIndex: 0, deviceIndexes: [0] };
  const keyData = { keyData: randomBytes(32), fingerprint, timestamp: Date.now() };
  return {
    type: APP_STATE_SYNC_KEY_SHARE,
    appStateSyncKeyShare: { keys: [{ keyId, keyData }] },
  };
}

/** A history without messages: which LID belongs to which number. */
export function emptyHistory(known: readonly User[]): PeerMessage {
  const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType;
  const about = { syncType: INITIAL_BOOTSTRAP as number, chunkOrder: 1, progress: 100 };
  const history = proto.HistorySync.encode({
    ...about,
    phoneNumberToLidMappings: known.map((one) => ({
      pnJid: jidOf(one, "pn"),
      lidJid: jidOf(one, "lid"),
    })),
  });
  const initialHistBootstrapInlinePayload = deflateSync(history.finish());
  return {
    type: HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: { ...about, initialHistBootstrapInlinePayload },
  };
}

/** Answer to a device that asked (in the stanza `stanzaId`) for a message it could not read. */
export function resentMessage(
  stanzaId: string,
  key: proto.IMessageKey,
  message: proto.IMessage,
): PeerMessage {
  const messageTimestamp = Math.floor(Date.now() / 1000);
  const info = proto.WebMessageInfo.encode({ key, message, messageTimestamp });
  const placeholderMessageResendResponse = { webMessageInfoBytes: info.finish() };
  return {
    type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
    peerDataOperationRequestResponseMessage: {
      peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
      stanzaId,
      peerDataOperationResult: [{ placeholderMessageResendResponse }],
    },
  };
}
