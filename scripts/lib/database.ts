import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../backend/src/db/embedded.ts";

export interface Database {
  readonly url: string;
  stop(): Promise<void>;
}

/** More deaths than this within a minute, and it is not coming up. */
const DEATHS_A_MINUTE = 3;

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
  const deaths: number[] = [];
  const { url } = current;
  const port = Number(new URL(url).port);

  async function watch(): Promise<void> {
    for (;;) {
      await current.exited;
      if (stopping) return;
      deaths.push(Date.now());
      if (deaths.filter((at) => at > Date.now() - 60_000).length > DEATHS_A_MINUTE) break;
      say("PostgreSQL ended by itself; starting it again.");
      await current.stop();
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
