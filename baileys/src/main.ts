import { createServer } from "node:http";
import { pino } from "pino";
import { GatewayEnvError, parseGatewayEnv } from "./env.ts";
import { createGateway } from "./http.ts";

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
});
const server = createServer(createGateway({ secret: env.BAILEYS_WEBHOOK_SECRET, log }).callback());

server.once("error", (error: NodeJS.ErrnoException) => {
  log.fatal({ port: env.PORT, code: error.code }, "[WA-ERROR] the gateway can't listen");
  process.exit(1);
});
server.listen(env.PORT, env.HOST, () => log.info({ port: env.PORT }, "[WA] gateway is up"));

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(1), DRAIN_MS).unref();
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// Whoever started this process with a channel is gone when the channel is.
process.on("disconnect", stop);
