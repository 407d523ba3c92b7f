import type { Logger } from "./log.ts";

export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** What the mail is about; it opens something, so it is good for a short time and once. */
  link: string;
}

export interface Mailer {
  send(mail: Mail): Promise<void>;
}

/** Writes the link into the log, for whoever runs the product to hand on. */
export function createLogMailer(log: Logger): Mailer {
  return {
    async send({ subject, link }) {
      log.warn(`[AUTH] there is no mail server; hand this on, "${subject}": ${link}`);
    },
  };
}
