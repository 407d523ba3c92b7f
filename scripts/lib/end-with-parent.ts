/**
 * Preloaded into the children of scripts/start (`node --import`). The channel to the parent closes
 * when the parent is gone, whatever killed it; a child that stayed would hold the port and the data.
 */
const PATIENCE_MS = 10_000;

process.on("disconnect", () => {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(1), PATIENCE_MS).unref();
});
// Listening must not keep a child alive that has nothing else to do.
process.channel?.unref();
