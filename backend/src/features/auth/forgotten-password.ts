import type { Context } from "koa";
import { problem } from "../../http/problem.ts";
import type { AuthDeps } from "./deps.ts";
import { makePasswordLink, RESET_MS } from "./password-links.ts";

export const FORGOTTEN = "auth.forgotten";
const PER_ACCOUNT = { points: 5, seconds: 60 * 60 };

/**
 * Takes the request of somebody who forgot their password. Whether the address has an account is
 * only looked up later, by the job, so neither the answer nor its time can tell.
 * @throws 429 when too many links were asked for this address
 */
export async function askForLink(deps: AuthDeps, ctx: Context, email: string): Promise<void> {
  const { ok, retry_after_seconds } = await deps.limiter.limit(
    "forgot-account",
    email,
    PER_ACCOUNT,
  );
  if (!ok) {
    throw problem(429, "too_many_requests", "Too many links were asked for; wait a little.", {
      headers: { "Retry-After": String(retry_after_seconds) },
    });
  }
  // Later than within an hour nobody waits for the mail any more.
  const options = { max_attempts: 6 };
  await deps.db.inSystem((tx) => tx.enqueue(FORGOTTEN, { email, ip: ctx.ip }, options));
}

const WORDS = {
  he: {
    subject: "בחירת סיסמה חדשה",
    text: (link: string) =>
      `שלום,\n\nכדי לבחור סיסמה חדשה, פתחו את הקישור הבא בתוך 30 דקות:\n${link}\n\n` +
      "אם לא ביקשתם זאת, אפשר להתעלם מההודעה: הסיסמה לא השתנתה.\n",
  },
  en: {
    subject: "Choose a new password",
    text: (link: string) =>
      `Hello,\n\nto choose a new password, open this link within 30 minutes:\n${link}\n\n` +
      "If you did not ask for it, ignore this message: the password has not changed.\n",
  },
};

/** The job behind `askForLink`: sends the link to the account, if there is one that may sign in. */
export async function sendLink(
  deps: Pick<AuthDeps, "db" | "clock" | "log" | "mailer" | "public_base_url">,
  { email, ip }: { email: string; ip: string },
): Promise<void> {
  const { db, clock, log, mailer, public_base_url } = deps;
  const found = await db.inSystem(async (tx) => {
    const user = await tx
      .trx("users as u")
      .leftJoin("businesses as b", "b.id", "u.business_id")
      .where({ "u.email": email, "u.status": "active" })
      .where((open) => open.whereNull("b.id").orWhere("b.status", "active"))
      .first<{ id: number; locale: string | null } | undefined>("u.id", "b.locale");
    if (!user) return null;
    const expires_at = new Date(clock.now() + RESET_MS);
    return { ...user, link: await makePasswordLink(tx, user.id, { public_base_url, expires_at }) };
  });
  if (!found) {
    // The given address is left out: people type passwords into the wrong field.
    log.warn({ ip }, "[AUTH] a new password was asked for, but nobody has this address");
    return;
  }
  const { id, locale, link } = found;
  const words = WORDS[locale?.startsWith("en") ? "en" : "he"];
  await mailer.send({ to: email, subject: words.subject, text: words.text(link), link });
  log.info({ user: id, ip }, "[AUTH] a link for a new password was sent");
}
