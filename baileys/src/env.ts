import { readFileSync } from "node:fs";
import { z } from "zod";

const version = z
  .string()
  .regex(/^\d+\.\d+\.\d+$/, "like 2.3000.1043857760")
  .transform((text) => text.split(".").map(Number) as [number, number, number]);

const Schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Where /metrics is served without the secret; never published. Without it, nowhere. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  HOST: z.string().default("0.0.0.0"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** Without it every route but the health route answers 401. */
  BAILEYS_WEBHOOK_SECRET: z.string().trim().min(1).optional(),
  /**
   * Where the backend reaches this gateway. With it there may be several gateways on one storage:
   * each has only the businesses for which the backend gave it a lease.
   */
  GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Where events go. Without it they wait on the disk. */
  BAILEYS_WEBHOOK_TARGET: z.url({ protocol: /^https?$/ }).optional(),
  /** A business's auth lives in `business_<id>/auth` under it. */
  WA_STORAGE_DIR: z.string().default("./data/whatsapp"),
  /** Encrypts what is stored; without it the disk has to be trusted. */
  APP_SECRET: z.string().min(32, "at least 32 bytes").optional(),
  /** Instead of WhatsApp's own address. */
  WA_WEB_SOCKET_URL: z.url({ protocol: /^wss?$/ }).optional(),
  /** Of the WhatsApp client; set it when WhatsApp calls the built-in one outdated. */
  WA_VERSION: version.optional(),
  /** Checks the signatures of WhatsApp's certificate; by default everywhere but at a test server. */
  WA_VERIFY_SERVER: z.enum(["true", "false"]).optional(),
});

export type GatewayEnv = z.infer<typeof Schema>;

const SECRETS = ["BAILEYS_WEBHOOK_SECRET", "APP_SECRET"] as const;

/** A value of the environment is wrong; the message names it and never quotes a value. */
export class GatewayEnvError extends Error {
  override name = "GatewayEnvError";
}

function secretFrom(source: NodeJS.ProcessEnv, name: string): string | undefined {
  const { [name]: direct, [`${name}_FILE`]: file } = source;
  if (direct && file) {
    throw new GatewayEnvError(`${name}: set either it or ${name}_FILE, not both`);
  }
  if (!file) return direct || undefined;
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GatewayEnvError(`${name}_FILE: can't be read (${code})`);
  }
}

/**
 * Parses the gateway's environment; empty values count as unset.
 * @throws GatewayEnvError with one line for each wrong name
 */
export function parseGatewayEnv(source: NodeJS.ProcessEnv): GatewayEnv {
  const names = Object.keys(Schema.shape);
  const parsed = Schema.safeParse({
    ...Object.fromEntries(names.map((name) => [name, source[name] || undefined])),
    ...Object.fromEntries(SECRETS.map((name) => [name, secretFrom(source, name)])),
  });
  if (parsed.success) return complete(parsed.data);
  const lines = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  throw new GatewayEnvError(lines.join("\n"));
}

/** @throws GatewayEnvError when a gateway that needs leases could not ask for them */
function complete(env: GatewayEnv): GatewayEnv {
  if (env.GATEWAY_URL === undefined) return env;
  for (const name of ["BAILEYS_WEBHOOK_TARGET", "BAILEYS_WEBHOOK_SECRET"] as const) {
    if (env[name] === undefined) throw new GatewayEnvError(`${name}: is required with GATEWAY_URL`);
  }
  return env;
}
