import type { Database } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Limiter } from "../../platform/limiter.ts";
import type { Logger } from "../../platform/log.ts";
import type { Mailer } from "../../platform/mail.ts";
import type { Passwords } from "./passwords.ts";

export interface AuthDeps {
  db: Database;
  log: Logger;
  clock: Clock;
  limiter: Limiter;
  passwords: Passwords;
  mailer: Mailer;
  /** Where the links that are handed out lead. */
  public_base_url: string;
  /** Told after sessions in a business may have ended: whoever listens there is asked again. */
  sessionsEnded: (business_id: number) => void;
  /** Whether PUBLIC_BASE_URL is https. */
  secure_cookies: boolean;
  /** Whether the console has to say that this is a demonstration. */
  demo: boolean;
}
