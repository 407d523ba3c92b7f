import { defineStore } from "pinia";
import { keptForTab } from "./kept.ts";

/** What was written and not sent yet, by thread. */
export const useDrafts = defineStore("drafts", () => {
  const texts = keptForTab<Record<number, string>>("drafts", () => ({}));

  const of = (thread_id: number) => texts.value[thread_id] ?? "";

  function write(thread_id: number, text: string): void {
    if (text) texts.value[thread_id] = text;
    else delete texts.value[thread_id];
  }

  return { of, write };
});
