import { expect, test } from "vitest";
import type { BrainItem } from "../../sim/openai/index.ts";
import { receiptBrain } from "./brain.ts";

const asked = (items: BrainItem[]) => ({
  ...{ items, tools: [], instructions: "", response_instructions: null },
  tool_choice: "auto" as const,
});
const user = (text: string): BrainItem => ({ type: "message", role: "user", text });

test("answers the numbers that were written since its last answer", () => {
  const items = [
    user("הודעה 1"),
    { type: "message", role: "assistant", text: "קיבלתי: 1." } as const,
    user("הודעה 2"),
    user("הודעה 13"),
  ];
  expect(receiptBrain([])(asked(items))).toEqual({ say: "קיבלתי: 2, 13." });
});

test("notes each confirmation once", () => {
  const item = {
    type: "function_call_output",
    call_id: "c1",
    name: "confirm_appointment",
  } as const;
  const items = [user("כן, מאשר"), { ...item, output: '{"ok":true,"appointment_id":4}' }];
  const confirmed: Parameters<typeof receiptBrain>[0] = [];
  const brain = receiptBrain(confirmed);
  void brain(asked(items));
  void brain(asked(items));
  expect(confirmed).toEqual([{ call_id: "c1", output: { ok: true, appointment_id: 4 } }]);
});
