import type { EventName, EventRef } from "@agentlocator/contract";
import { EVENT_NAMES } from "./event-names.ts";

export type LiveState = "off" | "connecting" | "live" | "reconnecting" | "stale";

export interface LiveHandlers {
  onEvent(name: EventName, ref: EventRef): void;
  /** Events may have been missed: everything on screen has to be fetched again. */
  onReset(): void;
  onState(state: LiveState): void;
}

/** The server says `ping` every 20 s; two missed ones and a little more mean the line is dead. */
const STALE_AFTER_MS = 45_000;
const POLL_EVERY_MS = 15_000;
const REOPEN_AFTER_MS = 5_000;

/** Keeps one event stream open until the returned function is called. */
export function openLive(handlers: LiveHandlers, url = "/api/events"): () => void {
  let source: EventSource | undefined;
  let staleTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setInterval> | undefined;
  let reopenTimer: ReturnType<typeof setTimeout> | undefined;

  function becomeStale(): void {
    handlers.onState("stale");
    pollTimer ??= setInterval(handlers.onReset, POLL_EVERY_MS);
    open();
  }

  function expectNews(): void {
    clearTimeout(staleTimer);
    staleTimer = setTimeout(becomeStale, STALE_AFTER_MS);
  }

  function alive(): void {
    if (pollTimer) {
      clearInterval(pollTimer);
      pollTimer = undefined;
      handlers.onReset();
    }
    handlers.onState("live");
    expectNews();
  }

  function open(): void {
    source?.close();
    const opened = (source = new EventSource(url));
    expectNews();
    opened.addEventListener("open", alive);
    opened.addEventListener("ping", alive);
    opened.addEventListener("reset", () => {
      alive();
      handlers.onReset();
    });
    for (const name of EVENT_NAMES) {
      opened.addEventListener(name, (event: MessageEvent<string>) => {
        alive();
        handlers.onEvent(name, JSON.parse(event.data) as EventRef);
      });
    }
    opened.addEventListener("error", () => {
      if (!pollTimer) handlers.onState("reconnecting");
      // The browser retries by itself unless the answer was an error.
      if (opened.readyState !== EventSource.CLOSED) return;
      clearTimeout(reopenTimer);
      reopenTimer = setTimeout(reopen, REOPEN_AFTER_MS);
    });
  }

  /** A new source has no Last-Event-ID, so what happened in between must be fetched. */
  function reopen(): void {
    open();
    handlers.onReset();
  }

  handlers.onState("connecting");
  open();
  return () => {
    source?.close();
    clearTimeout(staleTimer);
    clearTimeout(reopenTimer);
    clearInterval(pollTimer);
    handlers.onState("off");
  };
}
