import type { Notification, Settings } from "@agentlocator/contract";
import type { BusinessTx, Database, SystemTx } from "../../db/database.ts";
import type { JobHandlers } from "../../db/jobs.ts";
import type { Logger } from "../../platform/log.ts";
import type { Mailer } from "../../platform/mail.ts";
import { loadSettings } from "../settings/index.ts";

const TASK = "notifications.mail";
const AGENCY_TASK = "notifications.mail_agency";
/** What is over by then, or was seen in the console, is not mailed. */
const UNSEEN_MS = 60_000;
/** Between two mails to a business: what happens meanwhile comes together in the next one. */
const BETWEEN_MS = 15 * 60_000;
/** Of more than these a mail only tells how many. */
const LISTED = 20;

const WORDS = {
  he: {
    subject: (business: string) => `התראה: ${business}`,
    intro: "שלום,\n\nהתראות שעדיין לא נקראו בקונסולה:",
    more: (n: number) => `ועוד ${n}.`,
    outro: "את המיילים האלה אפשר לכבות בהגדרות העסק.",
  },
  en: {
    subject: (business: string) => `Alert: ${business}`,
    intro: "Hello,\n\nthese alerts have not been read in the console yet:",
    more: (n: number) => `And ${n} more.`,
    outro: "These mails can be switched off in the business's settings.",
  },
};

/** Has the owners mailed about an alert, if nobody has seen it in the console soon. */
export async function planAlertMail(tx: BusinessTx, run_at = soon()): Promise<void> {
  await tx.enqueue(TASK, {}, { queue: `alerts:${tx.business_id}`, run_at });
}

/** Has the administrators mailed about an alert of their own, if none of them has seen it soon. */
export async function planAgencyMail(tx: SystemTx, notification_id: number): Promise<void> {
  await tx.enqueue(AGENCY_TASK, { notification_id }, { run_at: soon() });
}

const soon = () => new Date(Date.now() + UNSEEN_MS);

interface Due {
  business: string;
  language: Settings["language"];
  owners: string[];
  alerts: Notification[];
}

/**
 * `notifications.mail`: one mail to all owners of the business about the alerts that nobody has
 * seen. Customers' numbers and words stay in the console; the mail leads there. A mail is sent
 * twice when the process is killed between sending it and noting that.
 *
 * `notifications.mail_agency`: one mail to all administrators about an alert of theirs.
 */
export function notificationJobs(deps: {
  db: Database;
  mailer: Mailer;
  log: Logger;
  public_base_url: string;
}): JobHandlers {
  const { db, mailer, log, public_base_url } = deps;
  return {
    [TASK]: async ({ business_id }) => {
      if (!mailer.by_mail) return;
      const due = await db.inBusiness(business_id, takeDue);
      if (!due) return;
      const { subject, intro, more, outro } = WORDS[due.language.startsWith("he") ? "he" : "en"];
      const lines = due.alerts
        .slice(0, LISTED)
        .map(({ title, link }) => `• ${title}\n  ${public_base_url}${link ?? "/app"}`);
      if (due.alerts.length > LISTED) lines.push(more(due.alerts.length - LISTED));
      await mailer.send({
        to: due.owners.join(", "),
        subject: subject(due.business),
        text: `${intro}\n\n${lines.join("\n")}\n\n${outro}\n`,
        link: `${public_base_url}/app`,
      });
      const ids = due.alerts.map(({ id }) => id);
      await db.inBusiness(business_id, ({ trx }) =>
        trx("notifications").whereIn("id", ids).update({ mailed_at: trx.fn.now() }),
      );
      log.info({ biz: business_id, ids }, "[NOTIFY] mailed to the owners");
    },

    [AGENCY_TASK]: async ({ notification_id }) => {
      if (!mailer.by_mail) return;
      const id = Number(notification_id);
      const { news, admins } = await db.inSystem(({ trx }) => unseenByAgency(trx, id));
      if (!news || admins.length === 0) return;
      const { title, body } = news;
      const link = `${public_base_url}${news.link ?? "/app"}`;
      const text = `${body ?? title}\n\n${link}\n`;
      await mailer.send({ to: admins.join(", "), subject: title, text, link });
      log.info({ id }, "[NOTIFY] mailed to the administrators");
    },
  };
}

/** Null when there is nothing to mail, or not yet. */
async function takeDue(tx: BusinessTx): Promise<Due | null> {
  const { trx, business_id } = tx;
  const settings = await loadSettings(tx);
  const alerts: Notification[] = await trx("notifications")
    .where({ alert: true })
    .whereNull("mailed_at")
    .whereNull("read_at")
    .whereNull("resolved_at")
    .orderBy("id");
  const active = { business_id, role: "owner", status: "active" };
  const owners = await trx("users").where(active).orderBy("id").pluck("email");
  if (!settings.alerts_by_mail || alerts.length === 0 || owners.length === 0) return null;

  const last = await trx("notifications").where({ alert: true }).max("mailed_at as at").first();
  const next = last?.at ? new Date(last.at).getTime() + BETWEEN_MS : 0;
  if (next > Date.now()) {
    await planAlertMail(tx, new Date(next));
    return null;
  }
  const { name } = await trx("businesses").where({ id: business_id }).first("name");
  return { business: name, language: settings.language, owners, alerts };
}

async function unseenByAgency(
  trx: SystemTx["trx"],
  id: number,
): Promise<{ news: Notification | undefined; admins: string[] }> {
  const unseen = { id, business_id: null, read_at: null, resolved_at: null };
  const news = await trx<Notification>("notifications").where(unseen).first();
  const active = { business_id: null, status: "active" };
  return { news, admins: await trx("users").where(active).orderBy("id").pluck("email") };
}
