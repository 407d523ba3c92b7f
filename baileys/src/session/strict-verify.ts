import { Curve } from "@whiskeysockets/baileys";
import { verifySignature } from "libsignal/src/curve.js";

const VERSION = Buffer.from([5]);

/**
 * The library's own check ignores what the curve answers and so accepts any signature of the right
 * length, also that of the server's certificate. This one does not.
 */
export function verifyStrictly(): void {
  Curve.verify = (key, message, signature) => {
    const versioned = key.length === 33 ? Buffer.from(key) : Buffer.concat([VERSION, key]);
    try {
      return verifySignature(versioned, message, signature) === true;
    } catch {
      return false;
    }
  };
}
