import { NOISE_WA_HEADER } from "@whiskeysockets/baileys";

/** Cuts a client's bytes into frames: the intro once, then three bytes of length each. */
export class FrameReader {
  #buffered: Buffer = Buffer.alloc(0);
  #introduced = false;

  /** Complete frames so far. Throws when the intro is not WhatsApp's. */
  push(data: Buffer): Buffer[] {
    this.#buffered = this.#buffered.length ? Buffer.concat([this.#buffered, data]) : data;
    if (!this.#introduced && !this.#intro()) return [];
    const frames: Buffer[] = [];
    while (this.#buffered.length >= 3) {
      const end = 3 + this.#buffered.readUIntBE(0, 3);
      if (this.#buffered.length < end) break;
      frames.push(this.#buffered.subarray(3, end));
      this.#buffered = this.#buffered.subarray(end);
    }
    return frames;
  }

  /** `WA\6\3`, or edge routing before it: `ED 0 1`, three bytes of length, the routing info. */
  #intro(): boolean {
    let start = 0;
    if (this.#buffered.toString("latin1", 0, 2) === "ED") {
      if (this.#buffered.length < 7) return false;
      start = 7 + this.#buffered.readUIntBE(4, 3);
    }
    const end = start + NOISE_WA_HEADER.length;
    if (this.#buffered.length < end) return false;
    const header = this.#buffered.subarray(start, end);
    if (!header.equals(NOISE_WA_HEADER)) throw new Error(`intro ${header.toString("hex")}`);
    this.#buffered = this.#buffered.subarray(end);
    this.#introduced = true;
    return true;
  }
}

export function frame(payload: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(3 + payload.length);
  framed.writeUIntBE(payload.length, 0, 3);
  framed.set(payload, 3);
  return framed;
}
