import type { Database } from "../../db/database.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Passwords } from "../auth/index.ts";

export interface UsersDeps {
  db: Database;
  clock: Clock;
  passwords: Passwords;
  public_base_url: string;
  /** Told after sessions in a business may have ended: whoever listens there is asked again. */
  sessionsEnded: (business_id: number) => void;
}
