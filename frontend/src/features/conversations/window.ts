import type { WhatsappStatus } from "@agentlocator/contract";
import type { Thread } from "../../api/types.ts";

/** For this long after the customer's last message a business may write freely. */
const WINDOW_MS = 24 * 3_600_000;

/**
 * Whether only a template would be taken now. The server decides when something is sent; this is
 * to say so before it is written.
 */
export function isWindowClosed(
  thread: Pick<Thread, "provider" | "last_inbound_at">,
  { provider, twilio }: Pick<WhatsappStatus, "provider" | "twilio">,
  now: number,
): boolean {
  const carrier = provider === "auto" ? thread.provider : provider;
  if (carrier !== "twilio" || !twilio.enabled) return false;
  const { last_inbound_at: last } = thread;
  return last === null || now - Date.parse(last) > WINDOW_MS;
}
