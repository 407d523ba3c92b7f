import { setTimeout as sleep } from "node:timers/promises";
import type { WhatsAppSim } from "../sim/whatsapp/index.ts";
import { signIn, type Session } from "./api.ts";
import type { ToDemo } from "./messages.ts";
import type { Seeded } from "./seed.ts";

type OwnersPhone = ReturnType<WhatsAppSim["phone"]>;

interface Status {
  readonly baileys: { readonly qr: string | null };
}

const LOOK_MS = 2_000;
/** Long enough for somebody at the console to see the code. */
const SCAN_MS = 5_000;

/**
 * The owner of a business connects WhatsApp in the console, and scans with the telephone whatever
 * code the console shows later, until `signal` aborts.
 */
export async function keepScanning(
  { backend_url, owner_password }: ToDemo,
  { owner, name }: Seeded,
  phone: OwnersPhone,
  { signal, say }: { signal: AbortSignal; say(line: string): void },
): Promise<void> {
  let session: Session | null = null;
  let connected = false;
  while (!signal.aborted) {
    try {
      session ??= await signIn(backend_url, { email: owner.email, password: owner_password });
      if (!connected) await session.post("/api/whatsapp/connect", {});
      connected = true;
      const { baileys } = await session.get<Status>("/api/whatsapp/status");
      if (baileys.qr) await scan(session, phone);
    } catch (error) {
      session = null;
      if (!signal.aborted) say(`${name}: WhatsApp can't be connected yet: ${String(error)}`);
    }
    await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function scan(session: Session, phone: OwnersPhone): Promise<void> {
  await sleep(SCAN_MS);
  const { baileys } = await session.get<Status>("/api/whatsapp/status");
  if (baileys.qr) await phone.scan(baileys.qr);
}
