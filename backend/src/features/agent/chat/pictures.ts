import type { Unanswered } from "./chat.ts";
import type { ChatDeps } from "./ports.ts";

const TYPES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);
const MAX_BYTES = 8 * 1024 * 1024;
/** The latest are shown; a model that is shown many takes long. */
const MAX_PICTURES = 4;

/** The pictures that the model is to see, as `data:` addresses by message. */
export async function showPictures(
  { media, log }: Pick<ChatDeps, "media" | "log">,
  messages: readonly Pick<Unanswered, "id" | "message_type" | "files">[],
): Promise<Map<number, string[]>> {
  const images = messages.filter(({ message_type }) => message_type === "image");
  const files = images.flatMap(({ files }) => files).toReversed();
  const shown = new Map<number, string[]>();
  let left = MAX_PICTURES;
  for (const { message_id, storage_path, content_type, size } of files) {
    if (left === 0) break;
    const fits = TYPES.has(content_type ?? "") && (size ?? 0) <= MAX_BYTES;
    if (storage_path === null || !fits) continue;
    try {
      const bytes = await media.read(storage_path);
      const address = `data:${content_type};base64,${bytes.toString("base64")}`;
      shown.set(message_id, [address, ...(shown.get(message_id) ?? [])]);
      left -= 1;
    } catch (error) {
      log.warn({ err: error, message_id }, "[WA-INCOMING] picture can't be read");
    }
  }
  return shown;
}
