import { createTransport } from "nodemailer";
import type { Env } from "./env.ts";
import type { Logger } from "./log.ts";

export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** Where the mail leads. One that opens something is good for a short time and once. */
  link: string;
}

export interface Mailer {
  /** There is a mail server; else only links are handed on, through the log. */
  readonly by_mail: boolean;
  /** @throws when the mail server does not take it; the job tries again */
  send(mail: Mail): Promise<void>;
}

const PATIENCE_MS = 15_000;

/** By mail when there is a mail server, else through the log. */
export function createMailer(
  env: Pick<Env, "SMTP_URL" | "MAIL_FROM" | "PUBLIC_BASE_URL">,
  log: Logger,
): Mailer {
  if (env.SMTP_URL === undefined) return createLogMailer(log);
  const from = env.MAIL_FROM ?? `no-reply@${new URL(env.PUBLIC_BASE_URL).hostname}`;
  const transport = createTransport({
    url: env.SMTP_URL,
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
  });
  return {
    by_mail: true,
    async send({ to, subject, text }) {
      await transport.sendMail({ from, to, subject, text });
    },
  };
}

/** Writes the link into the log, for whoever runs the product to hand on. */
export function createLogMailer(log: Logger): Mailer {
  return {
    by_mail: false,
    async send({ subject, link }) {
      log.warn(`[AUTH] there is no mail server; hand this on, "${subject}": ${link}`);
    },
  };
}
