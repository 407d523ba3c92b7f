import type { Socket } from "node:net";
import type pg from "pg";

/** Above the statement timeout: a server that still lives has answered by then. */
const SILENT_MS = 25_000;

/**
 * Cuts a connection that was asked something and has been silent since: its other end is gone
 * without a word, a machine switched off or a network cut. TCP alone would notice after a quarter
 * of an hour, and all that time every request would wait.
 */
export function cutWhenSilent(client: pg.ClientBase, silent_ms = SILENT_MS): void {
  // Neither is in the types of pg.
  const { connection, _getActiveQuery: asked } = client as unknown as {
    connection: { stream: Socket };
    _getActiveQuery(): unknown;
  };
  const { stream } = connection;
  stream.setTimeout(silent_ms);
  stream.on("timeout", () => {
    if (asked.call(client)) stream.destroy(new Error("the database does not answer"));
  });
}
