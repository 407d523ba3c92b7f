import type { StateFile } from "../storage/index.ts";
import { AT_REST } from "./machine.ts";
import type { Condition } from "./machine.ts";

/** A person disconnected it; there is no reason at WhatsApp. */
const REMOVED = "removed";

/** The condition in which a process before this one left the session. */
export function restoredCondition(file: StateFile): Condition {
  const { stopped, detail } = file.get();
  if (!stopped) return AT_REST;
  if (stopped === REMOVED) return { ...AT_REST, state: "logout", detail };
  const state = stopped === "logged_out" ? "logout" : "close";
  return { ...AT_REST, state, reason: stopped as Condition["reason"], detail };
}

/** Keeps what must outlive the process: that, and why, nothing but a person starts it again. */
export async function storeCondition(file: StateFile, now: Condition): Promise<void> {
  const idle = now.state === "close" || now.state === "logout";
  const stopped = idle && now.retry_ms === null ? (now.reason ?? REMOVED) : null;
  if (stopped !== file.get().stopped) await file.set({ stopped, detail: now.detail });
}
