import { setTimeout as sleep } from "node:timers/promises";

const EVERY_MS = 100;
/** More than Twilio's 15 s: a backend of a busy machine may take its time to start. */
const PATIENCE_MS = 40_000;

/** Posts webhooks to the appliance all the time that `work` takes; the statuses of their answers. */
export async function whileKnocking(
  address: string,
  work: () => Promise<unknown>,
): Promise<Set<number>> {
  const knocks: Promise<number>[] = [];
  let working = true;
  const knocking = (async () => {
    while (working) {
      knocks.push(knock(`${address}/webhook/stream_status`));
      await sleep(EVERY_MS);
    }
  })();
  try {
    await work();
  } finally {
    working = false;
    await knocking;
  }
  return new Set(await Promise.all(knocks));
}

/** The status; 0 when there was no answer. */
async function knock(url: string): Promise<number> {
  const options = { method: "POST", signal: AbortSignal.timeout(PATIENCE_MS) };
  return fetch(url, options).then(
    ({ status }) => status,
    () => 0,
  );
}
