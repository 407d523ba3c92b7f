import { createDatabase } from "../../db/database.ts";
import type { BusinessTx, SystemTx } from "../../db/database.ts";
import { skipIds } from "../../db/skip-ids.ts";
import type { Logger } from "../../platform/log.ts";
import { audit } from "../audit/index.ts";
import { notify, notifyAgency } from "../notifications/index.ts";
import { loadSettings } from "../settings/index.ts";
import { holdWaiting } from "../whatsapp/index.ts";

const RESTORED = {
  he: {
    title: "הנתונים שוחזרו מגיבוי",
    body: (made: string) =>
      `הנתונים הם מ־${made}. מה שקרה אחרי כן חסר כאן; הודעות הוואטסאפ מאז נמצאות בטלפון של העסק. אם הודעות לא מגיעות או שהלקוחות רואים «בהמתנה להודעה», נתקו את הוואטסאפ וחברו אותו מחדש.`,
  },
  en: {
    title: "The data were restored from a backup",
    body: (made: string) =>
      `They are of ${made}. What happened later is missing here; WhatsApp messages since then are on the business's phone. If messages do not arrive, or customers see “Waiting for this message”, disconnect WhatsApp and link it again.`,
  },
};

/**
 * Makes a restored database fit to go on in a world that went on meanwhile. It may be repeated.
 * @param made_at when the backup was made, ISO 8601
 */
export async function afterRestore(url: string, made_at: string, log: Logger): Promise<void> {
  await skipIds(url);
  const db = createDatabase(url, { max: 2 });
  try {
    const businesses = await db.inSystem((tx) => beginAgain(tx, made_at, log));
    for (const { id, timezone } of businesses) {
      await db.inBusiness(id, (tx) => tellBusiness(tx, { made_at, timezone }, log));
    }
    log.info({ made_at, businesses: businesses.length }, "[DB] restored from a backup");
  } finally {
    await db.close();
  }
}

interface Business {
  id: number;
  timezone: string;
}

/** What opened a door then must not open it now: it may have been closed, or used, since. */
async function beginAgain(tx: SystemTx, made_at: string, log: Logger): Promise<Business[]> {
  for (const table of ["sessions", "password_links", "setup_tokens"]) await tx.trx(table).delete();
  await tx.trx("restores").insert({ made_at });
  const { title, body } = RESTORED.he;
  const kind = "restored";
  const news = { title, body: body(localTime(made_at, "Asia/Jerusalem")), link: "/app/businesses" };
  await notifyAgency(tx, { kind, ...news, dedupe_key: `${kind}:${made_at}` }, log);
  await audit(tx, { actor: null, action: "backup.restored", detail: { made_at } });
  return tx.trx("businesses").select<Business[]>("id", "timezone").orderBy("id");
}

async function tellBusiness(
  tx: BusinessTx,
  { made_at, timezone }: { made_at: string; timezone: string },
  log: Logger,
): Promise<void> {
  const held = await holdWaiting(tx, log);
  const { language } = await loadSettings(tx);
  const { title, body } = RESTORED[language.startsWith("he") ? "he" : "en"];
  const news = { kind: "restored", title, body: body(localTime(made_at, timezone)) };
  await notify(tx, { ...news, dedupe_key: `restored:${made_at}` }, log);
  await audit(tx, { actor: null, action: "backup.restored", detail: { made_at, held } });
}

/** E.g. `20/11/2026, 02:30`. */
function localTime(at: string, timeZone: string): string {
  const style = { dateStyle: "short", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat("en-GB", { ...style, timeZone }).format(new Date(at));
}
