import {
  Curve,
  generateSignalPubKey,
  proto,
  WA_ADV_ACCOUNT_SIG_PREFIX,
  WA_ADV_DEVICE_SIG_PREFIX,
} from "@whiskeysockets/baileys";
import { verifySignature } from "libsignal/src/curve.js";
import type { Registration } from "./companion.ts";
import { Malformed } from "./stanza.ts";
import type { KeyPair } from "./transport/certificate.ts";

/** An account vouches for a device: what it signs, and how the device signs it in turn. */
export function vouch(account: KeyPair, device_identity: Uint8Array, keyIndex: number) {
  const timestamp = Math.floor(Date.now() / 1000);
  const details = proto.ADVDeviceIdentity.encode({ rawId: 1, timestamp, keyIndex }).finish();
  const accountSignatureKey = account.public;
  const accountSignature = Curve.sign(
    account.private,
    Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, device_identity]),
  );
  const identity = { details, accountSignatureKey, accountSignature };
  return {
    signed: proto.ADVSignedDeviceIdentity.encode(identity).finish(),
    /** Whether the device signed the same details with its own key. */
    acceptedBy(key: Uint8Array, answer: Uint8Array): boolean {
      const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(answer);
      const own = [WA_ADV_DEVICE_SIG_PREFIX, details, device_identity, accountSignatureKey];
      return Boolean(deviceSignature && verifies(key, Buffer.concat(own), deviceSignature));
    },
  };
}

/** Whether a key (without version byte) signed it; the library's own check accepts everything. */
function verifies(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifySignature(generateSignalPubKey(key), message, signature) === true;
}

/** A client's first word when it has no account. @throws Malformed */
export function registrationOf(noise_key: Buffer, payload: proto.IClientPayload): Registration {
  const data = payload.devicePairingData;
  const { eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig, eKeytype } = data ?? {};
  if (eIdent?.length !== 32 || eSkeyVal?.length !== 32 || eSkeySig?.length !== 64) {
    throw new Malformed("registration without keys");
  }
  if (eRegid?.length !== 4 || eSkeyId?.length !== 3 || eKeytype?.[0] !== 5) {
    throw new Malformed("registration without ids");
  }
  const [id, signature] = [Buffer.from(eSkeyId).readUIntBE(0, 3), eSkeySig];
  if (!verifies(eIdent, generateSignalPubKey(eSkeyVal), signature)) {
    throw new Malformed("registration with a key that its identity did not sign");
  }
  return {
    noise_key,
    identity: Buffer.from(eIdent),
    registration_id: Buffer.from(eRegid).readUInt32BE(),
    signed: { id, public: eSkeyVal, signature },
  };
}
