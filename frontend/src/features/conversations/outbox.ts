import { defineStore } from "pinia";
import { ask, sendWhatsapp } from "../../api/client.ts";
import { ProblemError } from "../../api/problem.ts";
import { queryClient } from "../../api/query-client.ts";
import type { Attempt, Refusal } from "./attempt.ts";
import { keptForTab } from "./kept.ts";

const TRY_AGAIN_AFTER_MS = [1_000, 3_000, 8_000];

/** Worth another try by itself: nobody said no. */
const isPassing = ({ status }: Refusal) => status === 0 || status === 429 || status >= 500;

/** Made so that it also works where the console is served without TLS. */
const newKey = () => crypto.getRandomValues(new BigUint64Array(2)).join("-");

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Messages that are being sent; in a thread one after the other, each under its own key. */
export const useOutbox = defineStore("outbox", () => {
  const attempts = keptForTab<Attempt[]>("outbox", () => []);
  const lines = new Map<number, Promise<void>>();

  const find = (key: string) => attempts.value.find((attempt) => attempt.key === key);
  const of = (thread_id: number) =>
    attempts.value.filter((attempt) => attempt.thread_id === thread_id);

  function discard(key: string): void {
    attempts.value = attempts.value.filter((attempt) => attempt.key !== key);
  }

  async function tryOnce({ key, body, thread_id }: Attempt): Promise<Refusal | null> {
    try {
      await ask(sendWhatsapp({ body: { ...body, idempotency_key: key } }));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { status, code, detail } = error;
      return { status, code, detail };
    }
    // Shown until the stored message is, so that it is never away.
    await queryClient.invalidateQueries({ queryKey: ["threads", "messages", thread_id] });
    void queryClient.invalidateQueries({ queryKey: ["threads", "list"] });
    discard(key);
    return null;
  }

  async function deliver(key: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const attempt = find(key);
      if (!attempt) return;
      const refusal = await tryOnce(attempt);
      const pause = TRY_AGAIN_AFTER_MS[tries];
      if (refusal && isPassing(refusal) && pause !== undefined) {
        await wait(pause);
        continue;
      }
      const left = find(key);
      if (refusal && left) Object.assign(left, { state: "failed", refusal });
      return;
    }
  }

  function queue({ thread_id, key }: Attempt): void {
    const before = lines.get(thread_id) ?? Promise.resolve();
    lines.set(
      thread_id,
      before.then(() => deliver(key)),
    );
  }

  function send(attempt: Pick<Attempt, "thread_id" | "body" | "shown" | "file">): void {
    const created_at = new Date().toISOString();
    const key = newKey();
    const made: Attempt = { ...attempt, key, created_at, state: "sending", refusal: null };
    attempts.value.push(made);
    queue(made);
  }

  function retry(key: string): void {
    const attempt = find(key);
    if (!attempt) return;
    Object.assign(attempt, { state: "sending", refusal: null });
    queue(attempt);
  }

  // What a reload interrupted goes on under its own key, and so does what waited for the network.
  for (const attempt of attempts.value) if (attempt.state === "sending") queue(attempt);
  window.addEventListener("online", () => {
    for (const { key, refusal } of attempts.value) if (refusal?.status === 0) retry(key);
  });

  return { of, send, retry, discard };
});
