import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../backend/src/db/embedded.ts";

export interface Database {
  readonly url: string;
  stop(): Promise<void>;
}

/** A database that ends sooner than this is not coming up. */
const SETTLED_MS = 5_000;

/**
 * The embedded database, started again on the same port when it ends unasked; calls that are up
 * wait for it. When it does not stay up, `giveUp` is called.
 */
export async function keepDatabase(
  data_dir: string,
  giveUp: () => void,
  say: (line: string) => void,
): Promise<Database> {
  let stopping = false;
  let current: EmbeddedPostgres = await startEmbeddedPostgres({ data_dir });
  let started_at = Date.now();
  const { url } = current;
  const port = Number(new URL(url).port);

  async function watch(): Promise<void> {
    for (;;) {
      await current.exited;
      if (stopping) return;
      if (Date.now() - started_at < SETTLED_MS) break;
      say("PostgreSQL ended by itself; starting it again.");
      await current.stop();
      started_at = Date.now();
      current = await startEmbeddedPostgres({ data_dir, port });
      if (stopping) return void (await current.stop());
    }
    say(`PostgreSQL does not stay up; see ${data_dir}/postgres.log.`);
    giveUp();
  }

  watch().catch((error: unknown) => {
    say(String(error));
    giveUp();
  });
  return {
    url,
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
}
