import { readFileSync } from "node:fs";
import { z } from "zod";

const Schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().default("0.0.0.0"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** Without it every route but the health route answers 401. */
  BAILEYS_WEBHOOK_SECRET: z.string().trim().min(1).optional(),
});

export type GatewayEnv = z.infer<typeof Schema>;

/** A value of the environment is wrong; the message names it and never quotes a value. */
export class GatewayEnvError extends Error {
  override name = "GatewayEnvError";
}

function secretFrom(source: NodeJS.ProcessEnv): string | undefined {
  const { BAILEYS_WEBHOOK_SECRET: direct, BAILEYS_WEBHOOK_SECRET_FILE: file } = source;
  if (direct && file) {
    throw new GatewayEnvError(
      "BAILEYS_WEBHOOK_SECRET: set either it or BAILEYS_WEBHOOK_SECRET_FILE, not both",
    );
  }
  if (!file) return direct || undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GatewayEnvError(`BAILEYS_WEBHOOK_SECRET_FILE: can't be read (${code})`);
  }
}

/**
 * Parses the gateway's environment; empty values count as unset.
 * @throws GatewayEnvError with one line for each wrong name
 */
export function parseGatewayEnv(source: NodeJS.ProcessEnv): GatewayEnv {
  const parsed = Schema.safeParse({
    PORT: source["PORT"] || undefined,
    HOST: source["HOST"] || undefined,
    LOG_LEVEL: source["LOG_LEVEL"] || undefined,
    BAILEYS_WEBHOOK_SECRET: secretFrom(source),
  });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  throw new GatewayEnvError(lines.join("\n"));
}
