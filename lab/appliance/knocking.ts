import { setTimeout as sleep } from "node:timers/promises";

const EVERY_MS = 100;

/** Posts webhooks to the appliance all the time that `work` takes; how each was answered. */
export async function whileKnocking(
  address: string,
  work: () => Promise<unknown>,
): Promise<{ statuses: number[]; slowest_ms: number }> {
  const knocks: Promise<{ status: number; ms: number }>[] = [];
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
  const answers = await Promise.all(knocks);
  return {
    statuses: answers.map(({ status }) => status),
    slowest_ms: Math.max(...answers.map(({ ms }) => ms)),
  };
}

async function knock(url: string): Promise<{ status: number; ms: number }> {
  const from = performance.now();
  const options = { method: "POST", signal: AbortSignal.timeout(15_000) };
  const status = await fetch(url, options).then(
    (response) => response.status,
    () => 0,
  );
  return { status, ms: performance.now() - from };
}
