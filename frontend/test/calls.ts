import type { CallSummary } from "@agentlocator/contract";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { api } from "./product.ts";

type Scenario = "booking" | "interruption" | "dead_model";

export async function placeCall(page: Page, scenario: Scenario): Promise<string> {
  const { call_sid } = await api<{ call_sid: string }>(page, "POST", "/api/demo/call", {
    scenario,
  });
  return call_sid;
}

/** Waits until a call has come as far as `done` says; calls go at the pace of speech. */
export function callThat(page: Page, call_sid: string, done: (call: CallSummary) => boolean) {
  return expect.poll(
    async () => done(await api<CallSummary>(page, "GET", `/api/calls/${call_sid}`)),
    { timeout: 80_000, interval: 500 },
  );
}

export const isOver = (call: CallSummary) => !["ringing", "active"].includes(call.status);
