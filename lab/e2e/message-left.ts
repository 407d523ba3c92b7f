import type { Call, Notification, Task } from "@agentlocator/contract";
import { expect } from "vitest";
import { phrase } from "../speech/library.ts";
import type { Caller } from "./caller.ts";
import type { Product, TestBusiness } from "./product.ts";

type Page<T> = { items: T[] };

/**
 * The caller is asked for a message and leaves one. Expects that the business then has all of it,
 * once: the call with the reason, the recording and its words, one task, one bell.
 */
export async function leavesMessage(
  product: Pick<Product, "twilio">,
  business: TestBusiness,
  caller: Caller,
  fallback_reason: string,
): Promise<Call> {
  const { line } = caller;
  const { owner } = business;
  await line.waitFor("record_started", { timeout_ms: 40_000 });
  await line.say("leave_message");
  await line.ended;

  const stored = await caller.stored(({ recording }) => recording?.transcript != null);
  const { text } = phrase("leave_message");
  expect(stored).toMatchObject({
    ...{ status: "fallback", end_reason: "fallback", recording: { transcript: text } },
    ledger: { fallback_reason },
  });
  expect(line.events.filter(({ type }) => type === "record_started")).toHaveLength(1);

  const { items: tasks } = await owner.get<Page<Task>>("/api/tasks");
  const own = tasks.filter(({ call_sid }) => call_sid === line.sid);
  expect(own).toMatchObject([{ status: "open", contact_id: stored.contact_id }]);
  expect(own[0]!.body).toContain(text);
  const { items: bells } = await owner.get<Page<Notification>>("/api/notifications?unread=true");
  expect(bells.filter(({ link }) => link?.endsWith(line.sid))).toMatchObject([
    { kind: "call_fallback" },
  ]);

  const recorded = line.events.find(({ type }) => type === "recorded")!.recording_sid as string;
  const fetched = product.twilio.requests.filter(({ path }) => path.includes(recorded));
  expect(fetched.map(({ status }) => status)).toEqual([200]);
  return stored;
}
