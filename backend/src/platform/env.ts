import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ""));
const secret = z.string().trim().min(1);
const optionalSecret = secret.optional();

/** Everything the backend takes from its environment; `docs/operation.md` explains each name. */
const Schema = z.object({
  PUBLIC_BASE_URL: url.optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  HOST: z.string().default("0.0.0.0"),
  DATA_DIR: z.string().min(1).default("./data"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  APP_SECRET: z.string().refine((s) => Buffer.byteLength(s) >= 32, "must be at least 32 bytes"),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().min(10, "must be at least 10 characters").optional(),
  OPENAI_API_KEY: optionalSecret,
  OPENAI_BASE_URL: url.default("https://api.openai.com/v1"),
  OPENAI_REALTIME_MODEL: z.string().default("gpt-realtime-2.1"),
  OPENAI_CHAT_MODEL: z.string().default("gpt-5.4-mini"),
  OPENAI_TRANSCRIBE_MODEL: z.string().default("gpt-transcribe"),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/i, "must be AC and 32 hex digits")
    .optional(),
  TWILIO_AUTH_TOKEN: optionalSecret,
  TWILIO_WA_FROM: z.string().optional(),
  TWILIO_API_BASE_URL: url.default("https://api.twilio.com"),
  GOOGLE_APPLICATION_CREDENTIALS: z.string().optional(),
  GCP_CREDENTIALS_JSON: optionalSecret,
  GOOGLE_TTS_ENDPOINT: z.string().optional(),
  WHATSAPP_PROVIDER: z.enum(["auto", "baileys", "twilio"]).default("auto"),
  WA_PROVIDER_PRIORITY: z.string().default("baileys,twilio"),
  BAILEYS_OUTBOUND_URL: url.transform((text) => text.replace(/\/send$/, "")).optional(),
  BAILEYS_WEBHOOK_SECRET: optionalSecret,
  GATEWAY_LEASE_SECONDS: z.coerce.number().min(1).max(300).optional(),
  S3_ENDPOINT: url.optional(),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,62}$/, "must be a bucket's name")
    .optional(),
  S3_REGION: z.string().default("us-east-1"),
  S3_ACCESS_KEY_ID: optionalSecret,
  S3_SECRET_ACCESS_KEY: optionalSecret,
  BACKUP_MAX_AGE_HOURS: z.coerce.number().positive().optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().optional(),
  /** Where the certificate of PUBLIC_BASE_URL can be looked at from here: `host:port`. */
  CERTIFICATE_ADDRESS: z
    .string()
    .regex(/^[\w.-]+:\d+$/, "must be host:port")
    .optional(),
  /** false: `main.ts worker` works off the jobs of this process. */
  RUN_JOBS: z.stringbool().default(true),
  DRAIN_SECONDS: z.coerce.number().int().min(35).max(86_400).default(1800),
  TRUST_PROXY: z.stringbool().default(false),
  FRONTEND_DIST: z.string().default(resolve(import.meta.dirname, "../../../frontend/dist")),
  DEMO_CONTROL_URL: url.optional(),
  GIT_COMMIT: z.string().default("unknown"),
  BUILD_TIME: z.string().default("unknown"),
  DEPLOY_ID: z.string().default("local"),
});

/** What a worker writes is told to the browsers of another process. */
export const APART = "REDIS_URL: is required when jobs run in a process of their own";

/** All of them, or none. */
const S3 = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];

export type Env = Omit<z.infer<typeof Schema>, "PUBLIC_BASE_URL"> & { PUBLIC_BASE_URL: string };

/** A value of the environment is wrong or missing; the message names it and never quotes a value. */
export class EnvError extends Error {
  override name = "EnvError";
}

/** sysexits' EX_CONFIG: the process stops with it when its configuration is wrong. */
export const EXIT_CONFIG = 78;

/**
 * Parses the environment once. For every name, `NAME_FILE` may give a file that holds the value
 * (Docker and systemd secrets); both at once is an error. Empty values count as unset.
 * @throws EnvError with one line for each wrong name
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const values: Record<string, string> = {};
  const wrong: string[] = [];
  for (const name of Object.keys(Schema.shape)) {
    const direct = source[name] || undefined;
    const file = source[`${name}_FILE`] || undefined;
    if (direct !== undefined && file !== undefined) {
      wrong.push(`${name}: set either ${name} or ${name}_FILE, not both`);
    } else if (direct !== undefined) {
      values[name] = direct;
    } else if (file !== undefined) {
      try {
        const value = readFileSync(file, "utf8").replace(/\r?\n$/, "");
        if (value !== "") values[name] = value;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? "error";
        wrong.push(`${name}_FILE: can't be read (${code})`);
      }
    }
  }
  const s3 = S3.filter((name) => name in values);
  for (const name of s3.length > 0 ? S3 : []) {
    if (!s3.includes(name)) wrong.push(`${name}: is required with ${s3[0]}`);
  }
  if ("GATEWAY_LEASE_SECONDS" in values && !("BAILEYS_WEBHOOK_SECRET" in values)) {
    wrong.push("BAILEYS_WEBHOOK_SECRET: is required with GATEWAY_LEASE_SECONDS");
  }
  const parsed = Schema.safeParse(values);
  const named = new Set(wrong.map((line) => line.split(/[:_]FILE|:/)[0]));
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (named.has(name)) continue;
    wrong.push(`${name}: ${name in values ? issue.message : "is required"}`);
  }
  if (parsed.data?.RUN_JOBS === false && !parsed.data.REDIS_URL) wrong.push(APART);
  if (!parsed.success || wrong.length > 0) throw new EnvError(wrong.join("\n"));
  const { data } = parsed;
  return { ...data, PUBLIC_BASE_URL: data.PUBLIC_BASE_URL ?? `http://localhost:${data.PORT}` };
}
