/**
 * The yardstick: the library and nothing else. One socket for each account, credentials in memory,
 * everything that arrives is forgotten. Says each account's QR code on its channel.
 */
import {
  Browsers,
  initAuthCreds,
  makeWASocket,
  type AuthenticationCreds,
  type SignalDataTypeMap,
} from "@whiskeysockets/baileys";

const { WA_WEB_SOCKET_URL: waWebSocketUrl = "", ACCOUNTS = "0" } = process.env;
const quiet = () => undefined;
const silent = {
  level: "silent",
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
};
const logger = { ...silent, child: () => logger };
for (const level of ["log", "info", "warn", "error"] as const) console[level] = quiet;

function memoryKeys() {
  const kept = new Map<string, unknown>();
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) =>
      Object.fromEntries(
        ids.flatMap((id) => (kept.has(`${type}:${id}`) ? [[id, kept.get(`${type}:${id}`)]] : [])),
      ) as { [id: string]: SignalDataTypeMap[T] },
    set: async (data: object) => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values as object)) {
          if (value) kept.set(`${type}:${id}`, value);
          else kept.delete(`${type}:${id}`);
        }
      }
    },
  };
}

function connect(account: number, creds: AuthenticationCreds, keys = memoryKeys()): void {
  const sock = makeWASocket({
    ...{ waWebSocketUrl, auth: { creds, keys }, logger },
    browser: Browsers.windows("Chrome"),
    markOnlineOnConnect: false,
    syncFullHistory: false,
  });
  sock.ev.on("creds.update", (update) => void Object.assign(creds, update));
  sock.ev.on("connection.update", ({ qr, connection }) => {
    if (qr) process.send?.({ account, qr });
    if (connection === "open") process.send?.({ account, open: true });
    if (connection === "close") connect(account, creds, keys);
  });
}

process.on("message", (message) => {
  if (message !== "begin") return;
  for (let account = 0; account < Number(ACCOUNTS); account++) connect(account, initAuthCreds());
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true, port: 0 });
