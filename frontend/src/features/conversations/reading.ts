import { type MaybeRefOrGetter, onScopeDispose, type Ref, ref, toValue, watch } from "vue";
import type { Thread, ThreadMessage } from "../../api/types.ts";
import { useMarkRead } from "./queries.ts";

interface Reading {
  messages: Ref<ThreadMessage[]>;
  /** Whether both the thread and its messages are as the server has them. */
  isFresh: () => boolean;
  /** Whether the newest message is in view. */
  atEnd: Ref<boolean>;
}

/** Marks a conversation as read while somebody looks at its end, and where they began to read. */
export function useReading(
  thread: MaybeRefOrGetter<Thread>,
  { messages, isFresh, atEnd }: Reading,
) {
  const mark = useMarkRead();
  const isVisible = ref(!document.hidden);
  const look = () => (isVisible.value = !document.hidden);
  document.addEventListener("visibilitychange", look);
  onScopeDispose(() => document.removeEventListener("visibilitychange", look));

  /** The first message that was not read when the conversation was opened. */
  const newFrom = ref<number | null>(null);
  let isOpened = false;
  /** What was told to be read; a mark that failed is not repeated for the same message. */
  let told = "";

  watch(
    [() => toValue(thread), isFresh, isVisible, atEnd],
    () => {
      const { id, unread_count, last_message_at, type } = toValue(thread);
      if (type !== "whatsapp" || !isFresh()) return;
      const received = messages.value.filter(({ direction }) => direction === "in");
      if (!isOpened && unread_count) {
        newFrom.value = (received.at(-unread_count) ?? received[0])?.id ?? null;
      }
      isOpened = true;
      if (!unread_count) told = "";
      if (!unread_count || !isVisible.value || !atEnd.value) return;
      const what = `${last_message_at}:${unread_count}`;
      if (what === told) return;
      told = what;
      mark.mutate(id);
    },
    { immediate: true },
  );

  return { newFrom };
}
