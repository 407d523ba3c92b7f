import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Env } from "../../../platform/env.ts";
import type { Logger } from "../../../platform/log.ts";
import { createTranscriber } from "../../../platform/transcriber.ts";
import { answerThread } from "./answer-thread.ts";
import { createModel } from "./model.ts";
import type { ChatPorts } from "./ports.ts";

export type { ChatPorts } from "./ports.ts";

interface Deps extends ChatPorts {
  db: Database;
  log: Logger;
  clock: Clock;
  env: Env;
}

/**
 * The agent on WhatsApp: the job `whatsapp.answer` looks at a thread and answers its customer.
 * `stop` breaks off the answers that are being made; the job queue has them made again.
 */
export function createChat({ env, ...given }: Deps): { jobs: JobHandlers; stop(): void } {
  const deps = { ...given, ask: createModel(env), transcribe: createTranscriber(env) };
  const ending = new AbortController();
  return {
    jobs: {
      async "whatsapp.answer"({ business_id, thread_id }, { abortSignal }) {
        const signal = AbortSignal.any([ending.signal, abortSignal]);
        await answerThread(deps, business_id, Number(thread_id), signal);
      },
    },
    stop: () => ending.abort(),
  };
}
