import { pino } from "pino";
import type { Logger } from "pino";

export type { Logger };

/** What is logged of an error beside its message and stack; each a word or a number. */
const FIELDS = [
  "code",
  "status",
  "reason",
  "severity",
  "table",
  "constraint",
  "syscall",
  "address",
];
const DEEPEST = 4;

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
      serializers: { err: plainError },
      redact: {
        paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        remove: true,
      },
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 0 }),
  );
}

/**
 * An error by its known fields only: libraries hang the whole request on theirs, with its
 * credentials (Redis' AUTH command, an Authorization header), or the row that was refused.
 */
function plainError(error: unknown, depth = 1): unknown {
  if (!(error instanceof Error)) return typeof error === "object" ? typeof error : error;
  const fields = error as Error & Record<string, unknown> & { errors?: unknown };
  const known = FIELDS.filter((name) => ["string", "number"].includes(typeof fields[name]));
  const inside = depth < DEEPEST;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...Object.fromEntries(known.map((name) => [name, fields[name]])),
    ...(inside && error.cause !== undefined && { cause: plainError(error.cause, depth + 1) }),
    ...(inside &&
      Array.isArray(fields.errors) && {
        errors: fields.errors.slice(0, 5).map((one) => plainError(one, depth + 1)),
      }),
  };
}
