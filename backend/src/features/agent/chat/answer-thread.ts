import { PAUSED_UNTIL_RESUMED } from "@agentlocator/contract";
import { DateTime } from "luxon";
import type { BusinessTx } from "../../../db/database.ts";
import { ProblemError } from "../../../http/problem.ts";
import { askAgent } from "../../conversations/index.ts";
import type { ToolContext } from "../tool.ts";
import { bookedWords, sendIfItFits, setWords } from "./answers.ts";
import { briefOf, type Brief } from "./brief.ts";
import { factsOf, loadChat, type Chat } from "./chat.ts";
import { decide, type Step } from "./decide.ts";
import { markHandled, waitingKey } from "./handled.ts";
import { hear, turnOf } from "./hear.ts";
import { ModelUnavailable } from "./model.ts";
import { leaveOptedOut, optIn, optOut } from "./opting.ts";
import type { ChatDeps } from "./ports.ts";
import { textsIn } from "./texts.ts";
import { think } from "./think.ts";
import { leaveTask, nameOf, quote, TOO_LONG_MS, tryAgainLater } from "./trouble.ts";
import { showTyping } from "./typing.ts";
import { writeDownVoiceNotes } from "./voice-notes.ts";

/** A customer who writes on and on gets an answer to what they wrote before the last look. */
const ROUNDS = 3;
const AFTER_ROUNDS_MS = 3000;

/**
 * Looks at a thread and answers its customer, if that is called for. It may be killed anywhere and
 * run again: the answer and the mark on what it answers are one transaction, and an answer that is
 * begun again goes on after the tools that were called for it. What the customer writes while the
 * model thinks makes it think again.
 */
export async function answerThread(
  deps: ChatDeps,
  business_id: number,
  thread_id: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const chat = await look(deps, business_id, thread_id);
    if (!chat) return;
    const typing = showTyping(deps, chat);
    try {
      if (await answer(deps, chat, round === ROUNDS, signal)) return;
    } catch (error) {
      signal?.throwIfAborted();
      return await afterFailure(deps, chat, error);
    } finally {
      typing.stop();
    }
  }
  const later = new Date(deps.clock.now() + AFTER_ROUNDS_MS);
  await deps.db.inBusiness(business_id, (tx) => askAgent(tx, thread_id, later));
}

/** The chat when it is to be answered now; else what is to be done about it is done. */
async function look(deps: ChatDeps, business_id: number, thread_id: number): Promise<Chat | null> {
  return deps.db.inBusiness(business_id, async (tx) => {
    const chat = await loadChat(deps, tx, thread_id);
    if (!chat) return null;
    const log = deps.log.child({ biz: business_id, thread_id });
    const step = decide(factsOf(chat, nowIn(deps, chat)));
    switch (step.do) {
      case "answer":
        return chat;
      case "nothing":
        if (chat.thread.answer_failing_since) await markHandled(tx, thread_id, []);
        return null;
      case "opt_out":
        await optOut(deps, tx, chat, log);
        return null;
      case "opt_in":
        await optIn(deps, tx, chat, log);
        return null;
      case "wait":
        log.debug({ because: step.because, until: step.until }, "[WA] the agent waits");
        // Giving the thread back is what ends such a pause.
        if (step.until < new Date(PAUSED_UNTIL_RESUMED)) await askAgent(tx, thread_id, step.until);
        return null;
      case "leave":
        log.info({ because: step.because }, "[WA] the agent leaves messages to people");
        await leave(tx, chat, step);
        return null;
    }
  });
}

async function leave(tx: BusinessTx, chat: Chat, { because }: Step & { do: "leave" }) {
  const texts = textsIn(chat.settings.language);
  if (because === "opted_out") await leaveOptedOut(tx, chat);
  if (because === "too_old") await handToPerson(tx, chat, texts.too_old);
  await markHandled(tx, chat.thread.id, chat.unanswered);
}

async function handToPerson(tx: BusinessTx, chat: Chat, why: string): Promise<void> {
  await leaveTask(tx, chat, {
    title: textsIn(chat.settings.language).unanswered(nameOf(chat)),
    body: [quote(chat), why].filter(Boolean).join("\n\n"),
    dedupe_key: waitingKey(chat.thread.id, chat.unanswered),
  });
}

/** False when there was an answer, but it does not fit any more. */
async function answer(
  deps: ChatDeps,
  seen: Chat,
  anyway: boolean,
  signal?: AbortSignal,
): Promise<boolean> {
  const { db, clock } = deps;
  const chat = await writeDownVoiceNotes(deps, seen, signal);
  const ctx = contextOf(deps, chat);
  await hear(deps, ctx, chat);
  const brief = await briefOf(deps, chat, nowIn(deps, chat));
  if (brief.asked.length === 0) return false;
  const found = await words(deps, ctx, chat, brief, signal);
  const texts = textsIn(chat.settings.language);
  const text = isLate(chat, clock.now()) ? `${texts.late}\n\n${found || texts.passed_on}` : found;
  return db.inBusiness(chat.business_id, async (tx) => {
    const { asked } = brief;
    const sent = { text: text || texts.passed_on, anyway, now: clock.now() };
    const fits = await sendIfItFits(deps, tx, { chat, asked, ...sent });
    // A model that has handed the thread over may have nothing more to say.
    if (fits && found === "" && !(await isPaused(tx, chat, clock.now()))) {
      await handToPerson(tx, chat, texts.not_answered_by_model);
    }
    return fits;
  });
}

async function isPaused(tx: BusinessTx, { thread }: Chat, now: number): Promise<boolean> {
  const paused = await tx
    .trx("threads")
    .where("id", thread.id)
    .where("ai_paused_until", ">", new Date(now))
    .first("id");
  return paused !== undefined;
}

/** What the customer is answered; '' when the model has no words for it. */
async function words(
  deps: ChatDeps,
  ctx: ToolContext,
  chat: Chat,
  { asked, question }: Brief,
  signal?: AbortSignal,
): Promise<string> {
  const set = setWords(asked);
  if (set !== null) return set;
  try {
    return await think(deps.ask, ctx, question, signal);
  } catch (error) {
    const booked = bookedWords(asked, textsIn(chat.settings.language));
    if (booked === null || !(error instanceof ModelUnavailable)) throw error;
    return booked;
  }
}

async function afterFailure(deps: ChatDeps, chat: Chat, error: unknown): Promise<void> {
  const { db, clock } = deps;
  const log = deps.log.child({ biz: chat.business_id, thread_id: chat.thread.id });
  await db.inBusiness(chat.business_id, async (tx) => {
    if (error instanceof ProblemError && error.status < 500) {
      log.error({ err: error }, "[WA-ERROR] the agent's answer can't be sent");
      await handToPerson(tx, chat, textsIn(chat.settings.language).not_sent(error.message));
      return markHandled(tx, chat.thread.id, chat.unanswered);
    }
    const retry_after_ms = error instanceof ModelUnavailable ? error.retry_after_ms : null;
    log.warn({ err: error }, "[WA-ERROR] the agent could not answer and will try again");
    await tryAgainLater(tx, chat, { now: clock.now(), retry_after_ms, log });
  });
}

function contextOf({ db, log, clock }: ChatDeps, chat: Chat): ToolContext {
  const { business_id, thread, unanswered } = chat;
  return {
    ...{ db, log, clock, business_id, thread_id: thread.id },
    ...{ channel: "whatsapp", call_sid: null },
    last_turn: turnOf(chat, clock.now()),
    message_id: Math.max(...unanswered.map(({ id }) => id)),
  };
}

function isLate({ thread }: Chat, now: number): boolean {
  const since = thread.answer_failing_since;
  return since !== null && now - Date.parse(since) >= TOO_LONG_MS;
}

const nowIn = ({ clock }: ChatDeps, { settings }: Chat): DateTime =>
  DateTime.fromMillis(clock.now(), { zone: settings.timezone });
