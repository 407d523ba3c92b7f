import {
  mdiAlertCircleOutline,
  mdiCheckCircleOutline,
  mdiLinkVariantOff,
  mdiQrcodeScan,
  mdiSync,
} from "@mdi/js";
import type { WhatsappStatus } from "../../api/types.ts";

type Baileys = WhatsappStatus["baileys"];
type Reason = NonNullable<Baileys["reason"]>;
type Tone = "success" | "error" | "warning" | "info" | "neutral";

/** What a person is told of the connection; each has a title and a text that says what to do. */
type Key = Reason | "disabled" | "off" | "connecting" | "open" | "waiting";

export interface Condition {
  key: Key;
  tone: Tone;
  icon: string;
  /** Something is under way, so it is looked at often. */
  moves: boolean;
  /** What the button does: `connect` anew, or `retry` what would be tried later by itself. */
  offer: "connect" | "retry" | null;
  /** There is a pairing that can be given up. */
  can_leave: boolean;
}

type Look = Omit<Condition, "key">;
const alert = mdiAlertCircleOutline;
const off = mdiLinkVariantOff;

const look = (tone: Tone, icon: string, more: Partial<Look> = {}): Look => ({
  ...{ tone, icon, moves: false, offer: null, can_leave: false },
  ...more,
});
const busy = { moves: true } as const;
const again = { offer: "connect" } as const;
const stopped = look("error", alert, { ...again, can_leave: true });
const waiting = look("warning", mdiSync, { ...busy, offer: "retry", can_leave: true });

const CONDITIONS: Record<Key, Look> = {
  disabled: look("neutral", off),
  off: look("neutral", off, again),
  connecting: look("info", mdiSync, { ...busy, can_leave: true }),
  open: look("success", mdiCheckCircleOutline, { can_leave: true }),
  waiting,
  qr: look("info", mdiQrcodeScan, busy),
  pairing_code: look("info", mdiQrcodeScan, busy),
  qr_expired: look("warning", alert, again),
  passkey_required: look("error", alert, again),
  logged_out: look("error", alert, again),
  replaced: stopped,
  forbidden: stopped,
  outdated: stopped,
  quarantined: stopped,
  deaf: waiting,
  unreachable: look("error", alert, busy),
};

function keyOf({ enabled, state, reason, next_retry_at }: Baileys): Key {
  if (!enabled) return "disabled";
  if (reason) return reason;
  if (state === "open" || state === "connecting") return state;
  return next_retry_at ? "waiting" : "off";
}

export function conditionOf(baileys: Baileys): Condition {
  const key = keyOf(baileys);
  return { key, ...CONDITIONS[key] };
}
