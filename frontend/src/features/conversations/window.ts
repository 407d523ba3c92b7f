import type { Thread, WhatsappStatus } from "../../api/types.ts";

/** For this long after the customer's last message a business may write freely through Twilio. */
const WINDOW_MS = 24 * 3_600_000;

type Channel = Pick<WhatsappStatus, "provider" | "twilio"> & {
  baileys: Pick<WhatsappStatus["baileys"], "connected">;
};

/**
 * Why a message that is written now would not go: the window is closed for all but templates, or
 * no channel stands. The server decides when something is sent; this is to say so before.
 */
export function obstacle(
  thread: Pick<Thread, "provider" | "last_inbound_at">,
  { provider, twilio, baileys }: Channel,
  now: number,
): "window_closed" | "not_connected" | null {
  const first = provider === "auto" ? thread.provider : provider;
  if (baileys.connected && (first === "baileys" || !twilio.enabled)) return null;
  const isTwilio = twilio.enabled && (provider === "auto" || provider === "twilio");
  if (!isTwilio) return "not_connected";
  const { last_inbound_at: last } = thread;
  return last !== null && now - Date.parse(last) <= WINDOW_MS ? null : "window_closed";
}
