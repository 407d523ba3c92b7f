import { pino } from "pino";
import type { Logger } from "pino";

export type { Logger };

/**
 * JSON lines on stdout. `msg` starts with the tag of its subject: `[CALL]`, `[VAD]`, `[BARGE-IN]`,
 * `[REALTIME-ERROR]`, `[WA…]`, `[NLP]`, `[AUTH]`, `[IMP]`, `[NOTIFY]`, `[HTTP]`, `[DB]`, `[JOB]`.
 * Names of secrets are redacted wherever an object that holds one is logged.
 */
export function createLog(level: string, destination?: { write(line: string): void }): Logger {
  const secrets = ["password", "token", "authorization", "cookie", "secret", "api_key"];
  return pino(
    {
      level,
      base: { app: "backend" },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        remove: true,
      },
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 0 }),
  );
}
