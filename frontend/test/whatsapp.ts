import type { WhatsappIncident, WhatsappStatus } from "@agentlocator/contract";

/** A drawing that is as dense as a QR code; nothing reads it. */
const QR_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 57 57"><path stroke="#000"
  stroke-dasharray="1 2 3 1 2 1" d="${Array.from({ length: 53 }, (_, y) => `M${2 + ((y * 7) % 5)} ${y + 2.5}h49`).join("")}"/></svg>`;

const REST: WhatsappStatus["baileys"] = {
  ...{ enabled: true, state: "close", reason: null, connected: false, phone: null, since: null },
  ...{ last_seen: null, qr: null, qr_svg: null, attempt: 0, next_retry_at: null, detail: null },
};
const status = (baileys: Partial<WhatsappStatus["baileys"]>): WhatsappStatus => ({
  provider: "auto",
  baileys: { ...REST, ...baileys },
  twilio: { enabled: true, from: "+14155238886" },
});

export const OFF = status({});
export const AWAITS_SCAN = status({
  ...{ state: "connecting", reason: "qr", qr: "2@payload", qr_svg: QR_SVG },
});
export const OPEN = status({
  ...{ state: "open", connected: true, phone: "+972501234567" },
  ...{ since: "2026-11-19T08:00:00.000Z", last_seen: "2026-11-20T09:00:00.000Z" },
});
export const WAITS = status({
  ...{ phone: "+972501234567", last_seen: "2026-11-20T09:00:00.000Z", attempt: 3 },
  next_retry_at: new Date(Date.now() + 3_600_000).toISOString(),
});

export const INCIDENTS: { items: WhatsappIncident[]; next_cursor: null } = {
  items: [
    {
      ...{ id: 2, reason: "logged_out", opened_at: "2026-11-20T09:00:00.000Z" },
      ...{ closed_at: null, duration_seconds: null },
    },
    {
      ...{ id: 1, reason: null, opened_at: "2026-11-18T09:00:00.000Z" },
      ...{ closed_at: "2026-11-18T11:05:00.000Z", duration_seconds: 7500 },
    },
  ],
  next_cursor: null,
};
