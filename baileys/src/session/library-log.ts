import type { SocketConfig } from "@whiskeysockets/baileys";
import type { Logger } from "pino";

type LibraryLog = SocketConfig["logger"];

const LONGEST = 300;

/**
 * The library's log, words only. Its objects hold nodes, sessions and credentials, so none of them
 * is written; of an error, its message.
 */
export function libraryLog(log: Logger): LibraryLog {
  const write = (level: "warn" | "debug", given: unknown, message?: string) => {
    const words = typeof given === "string" ? given : (message ?? "");
    const why = messageIn(given);
    log[level]({ library: words.slice(0, LONGEST), ...(why && { why }) }, "[WA] library");
  };
  const self: LibraryLog = {
    level: "warn",
    child: () => self,
    trace: () => {},
    debug: () => {},
    info: () => {},
    warn: (given, message) => write("debug", given, message),
    error: (given, message) => write("warn", given, message),
  };
  return self;
}

function messageIn(given: unknown): string | null {
  if (typeof given !== "object" || given === null) return null;
  const { err, error } = given as { err?: unknown; error?: unknown };
  const found = [given, err, error].find((one) => one instanceof Error);
  return found ? (found as Error).message.slice(0, LONGEST) : null;
}

const METHODS = ["log", "info", "warn", "error", "debug", "trace", "dir"] as const;

/**
 * libsignal prints whole sessions, private keys included, to the console. The gateway itself never
 * uses it, so nothing passes but the first words, which are literals in libsignal's source.
 */
export function quietConsole(log: Logger): void {
  for (const method of METHODS) {
    console[method] = (first?: unknown) => {
      const words = typeof first === "string" ? (first.split(":")[0] ?? "") : "";
      log.debug({ library: words.slice(0, 100) }, "[WA] library");
    };
  }
}
