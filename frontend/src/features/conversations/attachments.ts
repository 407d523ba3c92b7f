import { defineStore } from "pinia";
import { reactive } from "vue";
import { ask, uploadMedia } from "../../api/client.ts";
import { problemKey } from "../../api/problem.ts";

/** What both providers carry, in bytes. */
const LARGEST = 16 * 1024 * 1024;

/** A file that is going to be sent with the next message. */
export interface Attachment {
  id: number;
  name: string;
  size: number;
  /** Shows a picture before it is sent. */
  preview: string | null;
  state: "uploading" | "ready" | "failed";
  media_url: string;
  content_type: string;
  /** i18n key that says why it failed. */
  problem: string;
}

/** Files that are chosen and not sent yet, by thread; they are uploaded while one still writes. */
export const useAttachments = defineStore("attachments", () => {
  const byThread = reactive(new Map<number, Attachment[]>());
  let last = 0;

  const of = (thread_id: number) => byThread.get(thread_id) ?? [];

  async function upload(attachment: Attachment, file: File): Promise<void> {
    try {
      const query = { file_name: file.name.slice(-200), content_type: file.type.slice(0, 200) };
      const kept = await ask(uploadMedia({ body: file, query }));
      Object.assign(attachment, { ...kept, state: "ready" });
    } catch (error) {
      Object.assign(attachment, { state: "failed", problem: problemKey(error) });
    }
  }

  function add(thread_id: number, files: Iterable<File>): void {
    for (const file of files) {
      const { name, size, type: content_type } = file;
      const preview = content_type.startsWith("image/") ? URL.createObjectURL(file) : null;
      const attachment = reactive<Attachment>({
        ...{ id: ++last, name, size, preview, content_type },
        ...{ state: "uploading", media_url: "", problem: "" },
      });
      byThread.set(thread_id, [...of(thread_id), attachment]);
      if (size > LARGEST)
        Object.assign(attachment, { state: "failed", problem: "media.too_large" });
      else void upload(attachment, file);
    }
  }

  function remove(thread_id: number, id: number): void {
    for (const { id: other, preview } of of(thread_id)) {
      if (other === id && preview) URL.revokeObjectURL(preview);
    }
    byThread.set(
      thread_id,
      of(thread_id).filter((attachment) => attachment.id !== id),
    );
  }

  return { of, add, remove };
});
