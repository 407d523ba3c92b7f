import { createHmac } from "node:crypto";

/** What became of one request. */
export type Outcome =
  | { kind: "taken" }
  /** The backend does not want this event: trying the same again helps only after a change. */
  | { kind: "refused"; why: string }
  /** It answers, but not to us: another secret or address. Nothing wrong with the event. */
  | { kind: "shut_out"; why: string }
  /** It failed, or can't be reached. */
  | { kind: "failed"; why: string };

const SHUT_OUT = [401, 403, 404, 405];
const LATER = [408, 429];

export type Post = (body: string, stop: AbortSignal) => Promise<Outcome>;

/** Posts signed JSON: `X-BAILEYS-SIGNATURE` is the hex HMAC-SHA256 of the raw body. */
export function createPost(options: { target: string; secret: string; timeout_ms: number }): Post {
  const { target, secret, timeout_ms } = options;
  return async (body, stop) => {
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    try {
      const response = await fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json", "x-baileys-signature": signature },
        body,
        redirect: "manual",
        signal: AbortSignal.any([stop, AbortSignal.timeout(timeout_ms)]),
      });
      await response.body?.cancel();
      return judge(response.status, response.ok);
    } catch (error) {
      return { kind: "failed", why: whyNoAnswer(error as Error) };
    }
  };
}

function judge(status: number, ok: boolean): Outcome {
  const why = `the backend answered ${status}`;
  if (ok) return { kind: "taken" };
  if (SHUT_OUT.includes(status) || (status >= 300 && status < 400)) {
    return { kind: "shut_out", why };
  }
  if (status >= 400 && status < 500 && !LATER.includes(status)) return { kind: "refused", why };
  return { kind: "failed", why };
}

/** fetch says "fetch failed"; the cause has the reason. */
export function whyNoAnswer(error: Error): string {
  if (error.name === "TimeoutError") return "the backend did not answer in time";
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  return `the backend can't be reached (${code ?? message})`;
}
