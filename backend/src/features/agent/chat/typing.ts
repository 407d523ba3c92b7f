import type { Chat } from "./chat.ts";
import type { ChatDeps } from "./ports.ts";

/** WhatsApp lets it go out by itself after some ten seconds or more. */
const AGAIN_MS = 8000;

/** Shows the customer that an answer is being written, until it is stopped. */
export function showTyping({ typing, log }: ChatDeps, chat: Chat): { stop(): void } {
  const { business_id, thread } = chat;
  const show = () =>
    typing(business_id, thread).catch((error: unknown) => {
      log.debug({ err: error, biz: business_id, thread_id: thread.id }, "[WA-OUTGOING] no typing");
    });
  void show();
  const timer = setInterval(() => void show(), AGAIN_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
