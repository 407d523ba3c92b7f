import { resolve } from "node:path";
import { parseEnv } from "../../backend/src/platform/env.ts";
import { keptSecret } from "./secrets.ts";
import { freePort } from "./ports.ts";

export interface Configuration {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly data_dir: string;
  /** Undefined: the embedded database. */
  readonly database_url: string | undefined;
  /** The port for the gateway when the environment names a local one. */
  readonly gateway_port: number | undefined;
  /** Undefined: made at the first start and kept in the data directory. */
  readonly app_secret: string | undefined;
  readonly gateway_secret: string | undefined;
  readonly public_base_url: string | undefined;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * What scripts/start itself needs of the environment. All of it is checked here, as the backend
 * will check it, so that a wrong value is named before anything is started.
 * @throws EnvError
 */
export async function readConfiguration(root: string, demo: boolean): Promise<Configuration> {
  const has = (name: string) => Boolean(process.env[name] || process.env[`${name}_FILE`]);
  const env = parseEnv({
    ...process.env,
    ...(has("DATABASE_URL") ? {} : { DATABASE_URL: "postgres://embedded" }),
    ...(has("APP_SECRET") ? {} : { APP_SECRET: "made at the first start".repeat(2) }),
  });
  const gateway = env.BAILEYS_OUTBOUND_URL ? new URL(env.BAILEYS_OUTBOUND_URL) : undefined;
  const started_from = process.env["AGENTLOCATOR_STARTED_FROM"] ?? root;
  return {
    host: env.HOST,
    port: env.PORT === 0 ? await freePort(env.HOST) : env.PORT,
    data_dir: process.env["DATA_DIR"]
      ? resolve(started_from, env.DATA_DIR)
      : resolve(root, demo ? "data/demo" : "data"),
    database_url: has("DATABASE_URL") ? env.DATABASE_URL : undefined,
    gateway_port:
      gateway && LOOPBACK.test(gateway.hostname) ? Number(gateway.port || 80) : undefined,
    app_secret: has("APP_SECRET") ? env.APP_SECRET : undefined,
    gateway_secret: env.BAILEYS_WEBHOOK_SECRET,
    public_base_url: has("PUBLIC_BASE_URL") ? env.PUBLIC_BASE_URL : undefined,
  };
}

/** Removes `NAME_FILE` beside a `NAME` that is given directly: both at once is an error. */
export function withValues(
  env: NodeJS.ProcessEnv,
  values: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const result = { ...env, ...values };
  for (const name of Object.keys(values)) delete result[`${name}_FILE`];
  return result;
}

/** What every program may need: where things are, which authorities and proxies to trust. */
const COMMON =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|LOG_LEVEL|NODE_\w+|SSL_CERT_\w+|(https?|no|all)_proxy)$/i;
/** What is the gateway's own, as its `env.ts` reads it; of the rest it has no need. */
const GATEWAY = /^(BAILEYS_|WA_)/;

/** The variables of this process whose names match one of the patterns. */
function pick(...patterns: RegExp[]): NodeJS.ProcessEnv {
  const names = Object.keys(process.env);
  const chosen = names.filter((name) => patterns.some((pattern) => pattern.test(name)));
  return Object.fromEntries(chosen.map((name) => [name, process.env[name]]));
}

/** The environments of the two processes, made of this one's. */
export async function childEnvironments(config: Configuration, database_url: string) {
  const { port, data_dir } = config;
  const gateway_port = config.gateway_port ?? (await freePort());
  const gateway_secret = config.gateway_secret ?? (await keptSecret(`${data_dir}/gateway_secret`));
  const app_secret = config.app_secret ?? (await keptSecret(`${data_dir}/app_secret`));
  const host = config.host === "0.0.0.0" || config.host === "::" ? "127.0.0.1" : config.host;
  const backend = withValues(process.env, {
    PORT: String(port),
    DATA_DIR: data_dir,
    DATABASE_URL: database_url,
    APP_SECRET: app_secret,
    BAILEYS_OUTBOUND_URL: `http://127.0.0.1:${gateway_port}`,
    BAILEYS_WEBHOOK_SECRET: gateway_secret,
  });
  const gateway = withValues(pick(COMMON, GATEWAY), {
    PORT: String(gateway_port),
    HOST: "127.0.0.1",
    // Encrypts the pairings, which are on the same disk as everything else.
    APP_SECRET: app_secret,
    BAILEYS_WEBHOOK_SECRET: gateway_secret,
    BAILEYS_WEBHOOK_TARGET:
      process.env["BAILEYS_WEBHOOK_TARGET"] || `http://${host}:${port}/webhook/whatsapp/baileys`,
    WA_STORAGE_DIR: process.env["WA_STORAGE_DIR"] || `${data_dir}/whatsapp`,
  });
  return { backend, gateway };
}
