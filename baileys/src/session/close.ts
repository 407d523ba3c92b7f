/** Why a connection ended, as the log says it. */
export type CloseSlug =
  | "restart_required"
  | "logged_out"
  | "replaced"
  | "forbidden"
  | "outdated"
  | "lost"
  | "dns"
  | "refused"
  | "qr_expired"
  | "unavailable"
  | "upgrade_rejected"
  | "deaf";

export interface Close {
  /** WhatsApp's or HTTP's code; null when the gateway itself gave up. */
  readonly code: number | null;
  readonly slug: CloseSlug;
  /** For a person who looks into it. */
  readonly detail: string;
}

const BY_CODE: Record<number, CloseSlug> = {
  401: "logged_out",
  // A ban for some time, for good, or by a rule: none is mended by coming back.
  402: "forbidden",
  403: "forbidden",
  405: "outdated",
  406: "forbidden",
  409: "unavailable",
  411: "unavailable",
  428: "lost",
  440: "replaced",
  500: "unavailable",
  503: "unavailable",
  515: "restart_required",
};

/** What the library says in `lastDisconnect.error`; code 408 alone has three meanings. */
export function explainClose(error: Error | undefined): Close {
  if (!error) return { code: null, slug: "lost", detail: "The connection was ended." };
  const { output } = error as Error & { output?: { statusCode?: number } };
  const code = output?.statusCode ?? null;
  const detail = error.message.slice(0, 300);
  return { code, slug: slugOf(code, error.message), detail };
}

function slugOf(code: number | null, message: string): CloseSlug {
  if (message.includes("QR refs attempts ended")) return "qr_expired";
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return "dns";
  if (message.includes("ECONNREFUSED")) return "refused";
  return (code !== null && BY_CODE[code]) || "lost";
}
