import type { Database } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import type { Passwords } from "../auth/index.ts";

export interface BusinessesDeps {
  db: Database;
  log: Logger;
  clock: Clock;
  passwords: Passwords;
  /** Told after sessions in a business may have ended: whoever listens there is asked again. */
  sessionsEnded: (business_id: number) => void;
  /** Whether the console has to say that this is a demonstration. */
  demo: boolean;
}
