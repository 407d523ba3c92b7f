import type { EventName, EventRef } from "@agentlocator/contract";
import { defineStore } from "pinia";
import { reactive, ref } from "vue";
import { openLive, type LiveState } from "./live.ts";
import { queryClient } from "./query-client.ts";

type Key = (string | number | undefined)[];

const INBOX: Key[] = [
  ["threads", "list"],
  ["threads", "unread"],
];

/** Which queries an event makes old. */
const TOUCHED: Record<EventName, (ref: EventRef) => Key[]> = {
  call: () => [["calls"], ["dashboard"]],
  appointment: () => [["appointments"], ["dashboard"]],
  task: () => [["tasks"], ["dashboard"]],
  notification: () => [["notifications"]],
  message: ({ thread_id }) => [...INBOX, ["threads", "messages", thread_id]],
  thread: ({ id }) => [...INBOX, ["threads", "one", id]],
  whatsapp_status: () => [["whatsapp"]],
};

/** Several events of one moment cost one fetch. */
const GATHER_MS = 150;

export const useLive = defineStore("live", () => {
  const state = ref<LiveState>("off");
  const staleSince = ref<Date | null>(null);
  const speaking = reactive(new Map<string, "caller" | "agent" | null>());
  const waiting = new Map<string, Key>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let close: (() => void) | undefined;

  function flush(): void {
    timer = undefined;
    for (const key of waiting.values()) void queryClient.invalidateQueries({ queryKey: key });
    waiting.clear();
  }

  function onEvent(name: EventName, ref: EventRef): void {
    if (ref.call_sid && ref.speaking !== undefined) {
      speaking.set(ref.call_sid, ref.speaking);
      return;
    }
    for (const key of TOUCHED[name](ref)) waiting.set(key.join(), key);
    timer ??= setTimeout(flush, GATHER_MS);
  }

  function onState(next: LiveState): void {
    if (next === "stale") staleSince.value ??= new Date();
    else staleSince.value = null;
    if (next !== "live") speaking.clear();
    state.value = next;
  }

  function stop(): void {
    close?.();
    close = undefined;
  }

  function start(): void {
    stop();
    const onReset = () => void queryClient.invalidateQueries();
    close = openLive({ onEvent, onReset, onState });
  }

  return { state, staleSince, speaking, start, stop };
});
