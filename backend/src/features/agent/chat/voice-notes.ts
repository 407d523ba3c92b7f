import { TranscriptionRefused } from "../../../platform/transcriber.ts";
import type { Chat, Unanswered } from "./chat.ts";
import { ModelUnavailable } from "./model.ts";
import type { ChatDeps } from "./ports.ts";

/** WhatsApp's own bound for sound is 16 MB, OpenAI's 25 MB. */
const MAX_BYTES = 25 * 1024 * 1024;

/**
 * Writes down what was said in the voice notes, once: the words become the message's text. What
 * holds no words, or can't be understood at all, stays without.
 * @returns the chat with these words
 * @throws ModelUnavailable when it may work later
 */
export async function writeDownVoiceNotes(
  deps: ChatDeps,
  chat: Chat,
  signal?: AbortSignal,
): Promise<Chat> {
  const unanswered: Unanswered[] = [];
  for (const message of chat.unanswered) {
    const listens = message.message_type === "audio" && !message.text;
    const text = listens ? await heard(deps, chat, message, signal) : "";
    if (text !== "") await keep(deps, chat, message, text);
    unanswered.push(text === "" ? message : { ...message, text });
  }
  return { ...chat, unanswered };
}

async function heard(
  { transcribe, media, log }: ChatDeps,
  { business_id, settings }: Chat,
  { id, files: [file] }: Unanswered,
  signal?: AbortSignal,
): Promise<string> {
  const where = { biz: business_id, message_id: id };
  if (!file?.storage_path || (file.size ?? 0) > MAX_BYTES) {
    log.warn({ ...where, err: file?.error }, "[WA-INCOMING] no voice note to write down");
    return "";
  }
  if (!transcribe) throw new ModelUnavailable("OPENAI_API_KEY is not set");
  try {
    const audio = await media.read(file.storage_path);
    const text = await transcribe(audio, file.content_type ?? "", settings.language, signal);
    // U+0000 is no text for PostgreSQL.
    return text.replaceAll("\0", "");
  } catch (error) {
    if (!(error instanceof TranscriptionRefused)) {
      const why = error instanceof Error ? error.name : "unknown";
      throw new ModelUnavailable(`a voice note could not be written down (${why})`);
    }
    log.warn({ err: error, ...where }, "[WA-INCOMING] voice note not understood");
    return "";
  }
}

async function keep({ db }: ChatDeps, chat: Chat, message: Unanswered, text: string) {
  await db.inBusiness(chat.business_id, async (tx) => {
    const { id, thread_id } = message;
    await tx.trx("messages").where({ id, text: message.text }).update({ text });
    tx.emit("message", { id, thread_id });
  });
}
