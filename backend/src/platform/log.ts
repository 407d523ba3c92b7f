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

const TAG = /^\[([A-Z-]+)\]/;
const WARNING = 40;

/** Lines of the whole process, by level and tag. */
const lines = new Map<string, number>();

/** How many warnings and errors this process has logged; `tag` is '' for lines without one. */
export function loggedLines(): { level: string; tag: string; lines: number }[] {
  return [...lines].map(([key, count]) => {
    const [level = "", tag = ""] = key.split(" ");
    return { level, tag, lines: count };
  });
}

function count(args: unknown[], level: number): void {
  if (level < WARNING) return;
  const text = args.find((arg) => typeof arg === "string") ?? "";
  const key = `${pino.levels.labels[level]} ${TAG.exec(text as string)?.[1] ?? ""}`;
  lines.set(key, (lines.get(key) ?? 0) + 1);
}

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
      hooks: {
        logMethod(args, method, level) {
          count(args, level);
          method.apply(this, args);
        },
      },
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
