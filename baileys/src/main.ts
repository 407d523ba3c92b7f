import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { GatewayEnvError, parseGatewayEnv } from "./env.ts";
import { createWhatsappGateway } from "./gateway.ts";
import { counting } from "./log-lines.ts";
import { quietConsole } from "./session/library-log.ts";

/** sysexits' EX_CONFIG. */
const EXIT_CONFIG = 78;
const DRAIN_MS = 5_000;

function readEnv() {
  try {
    return parseGatewayEnv(process.env);
  } catch (error) {
    if (!(error instanceof GatewayEnvError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

const env = readEnv();
const log = pino({
  level: env.LOG_LEVEL,
  base: { app: "gateway" },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
  hooks: counting,
});
quietConsole(log);
// The library leaves promises behind; one business's must not end the others.
process.on("unhandledRejection", (error) => {
  const why = error instanceof Error ? error.message : String(error);
  log.error({ why }, "[WA-ERROR] a promise was left to fail");
});

const gateway = await createWhatsappGateway(env, log).catch((error: NodeJS.ErrnoException) => {
  log.fatal({ code: error.code, why: error.message }, "[WA-ERROR] the gateway can't start");
  process.exit(1);
});
gateway.server.once("error", (error: NodeJS.ErrnoException) => {
  log.fatal({ port: env.PORT, code: error.code }, "[WA-ERROR] the gateway can't listen");
  process.exit(1);
});
gateway.metrics?.once("error", (error: NodeJS.ErrnoException) => {
  log.fatal({ port: env.METRICS_PORT, code: error.code }, "[WA-ERROR] no port for /metrics");
  process.exit(1);
});
gateway.metrics?.listen(env.METRICS_PORT, env.HOST);
gateway.server.listen(env.PORT, env.HOST, () => {
  const { port } = gateway.server.address() as AddressInfo;
  log.info({ port }, "[WA] gateway is up");
  process.send?.({ ready: true, port });
  void gateway.resume();
});

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), DRAIN_MS).unref();
  void gateway.stop().then(() => process.exit(0));
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// Whoever started this process with a channel is gone when the channel is.
process.on("disconnect", stop);
