import { PAUSED_UNTIL_RESUMED } from "@agentlocator/contract";
import { describe, expect, test } from "vitest";
import type { CallSummary, ThreadMessage } from "../src/api/types.ts";
import type { Attempt } from "../src/features/conversations/attempt.ts";
import * as pause from "../src/features/conversations/pause.ts";
import { splitPlace } from "../src/features/conversations/place.ts";
import { isEmojiOnly, richText, type Span } from "../src/features/conversations/rich-text.ts";
import { fillTemplate } from "../src/features/conversations/template.ts";
import { timeline } from "../src/features/conversations/timeline.ts";
import { obstacle } from "../src/features/conversations/window.ts";

describe("a message's words", () => {
  const bold = (text: string): Span => ({ text, style: "bold" });
  test.each<[string, string, Span[]]>([
    ["plain", "שלום", [{ text: "שלום" }]],
    ["bold", "זה *חשוב* מאוד", [{ text: "זה " }, bold("חשוב"), { text: " מאוד" }]],
    ["bold before a full stop", "*כן*.", [bold("כן"), { text: "." }]],
    ["a product", "2*3*4", [{ text: "2*3*4" }]],
    ["loose marks", "5 * 3 * 2", [{ text: "5 * 3 * 2" }]],
    ["a name with lines", "my_file_name", [{ text: "my_file_name" }]],
    [
      "italic and struck",
      "_a_ ~b~",
      [{ text: "a", style: "italic" }, { text: " " }, { text: "b", style: "strike" }],
    ],
    ["code", "```x*y*z```", [{ text: "x*y*z", style: "code" }]],
    [
      "a link at a sentence's end",
      "ראו https://a.example/b_c_d.",
      [
        { text: "ראו " },
        { text: "https://a.example/b_c_d", href: "https://a.example/b_c_d" },
        { text: "." },
      ],
    ],
    ["no link to a script", "javascript:alert(1)", [{ text: "javascript:alert(1)" }]],
    [
      "a number",
      "+972501234567!",
      [{ text: "+972501234567", phone: "+972501234567" }, { text: "!" }],
    ],
  ])("%s", (_, text, spans) => expect(richText(text)).toEqual(spans));

  test.each([
    ["👍", true],
    ["❤️ 👨‍👩‍👧", true],
    ["👍🏽👍🏽👍🏽👍🏽", false],
    ["12", false],
    ["ok 👍", false],
  ])("%s is large: %s", (text, large) => expect(isEmojiOnly(text)).toBe(large));

  test("a place is a name and a link to a map, and nothing else is", () => {
    const href = "https://maps.google.com/?q=32.08,34.78";
    expect(splitPlace(`קפה\n${href}`)).toEqual({ name: "קפה", href });
    expect(splitPlace(href)).toEqual({ name: "", href });
    expect(splitPlace("https://maps.google.com/?q=1,2&x=javascript:").href).toBeUndefined();
  });

  test("a template keeps what is not filled yet", () => {
    const body = "שלום {{1}}, נתראה ב־{{ when }}";
    expect(fillTemplate(body, { "1": "דנה", when: "" })).toBe("שלום דנה, נתראה ב־{{ when }}");
  });
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 24, 10, minute)).toISOString();
const message = (id: number, minute: number, more: Partial<ThreadMessage> = {}): ThreadMessage => ({
  ...{ id, thread_id: 1, direction: "in", author: "customer", message_type: "text", text: "x" },
  ...{ media_url: null, provider: "baileys", provider_msg_id: null, status: "received" },
  ...{ error: null, route_reason: null, reply_to_id: null, reactions: [], edited_at: null },
  ...{ deleted_at: null, created_at: at(minute), quoted: null, media: null },
  ...{ idempotency_key: null, ...more },
});
const attempt = (key: string): Attempt => ({
  ...{ key, thread_id: 1, body: { to: "+972501234567", text: "x" }, shown: "x", file: null },
  ...{ created_at: at(30), state: "sending", refusal: null },
});
const call = (minute: number) =>
  ({ call_sid: `CA${minute}`, started_at: at(minute) }) as CallSummary;

describe("what stands in a conversation", () => {
  const lay = (given: Partial<Parameters<typeof timeline>[0]>) =>
    timeline({
      ...{ messages: [], attempts: [], calls: [], new_from: null },
      ...{ dayKey: (iso: string) => iso.slice(0, 10), ...given },
    });

  test("calls stand among messages, in the order of their times, under their day", () => {
    const entries = lay({ messages: [message(1, 0), message(2, 20)], calls: [call(10)] });
    expect(entries.map(({ key }) => key)).toEqual(["d2026-11-24", "m1", "CA10", "m2"]);
  });

  test("messages of one voice stand together until a pause, a day or another voice", () => {
    const out = { direction: "out", author: "agent" } as const;
    const messages = [message(1, 0), message(2, 1), message(3, 9), message(4, 10, out)];
    const heads = lay({ messages }).filter((entry) => "first" in entry && entry.first);
    expect(heads.map(({ key }) => key)).toEqual(["m1", "m3", "m4"]);
    expect(
      lay({ messages, new_from: 2 })
        .map(({ kind }) => kind)
        .slice(0, 4),
    ).toEqual([...["day", "message", "new", "message"]]);
  });

  test("what is on its way stands last, and once: as the stored message when that is there", () => {
    const out = { direction: "out", author: "user", status: "queued" } as const;
    const stored = message(2, 30, { ...out, idempotency_key: "k1" });
    const attempts = [attempt("k1"), attempt("k2")];
    const kinds = (messages: ThreadMessage[]) =>
      lay({ messages, attempts })
        .slice(1)
        .map(({ kind, key }) => `${kind} ${key}`);
    expect(kinds([message(1, 29)])).toEqual(["message m1", "attempt k1", "attempt k2"]);
    expect(kinds([stored])).toEqual(["message k1", "attempt k2"]);
  });
});

describe("what stands in the way of writing", () => {
  const now = Date.UTC(2026, 10, 24, 12);
  const hours_ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString();
  type Row = [
    "auto" | "baileys" | "twilio",
    "baileys" | "twilio",
    boolean,
    boolean,
    number,
    unknown,
  ];
  // The setting, where the customer wrote, the gateway connected, Twilio set up, hours since.
  test.each<Row>([
    ["auto", "baileys", true, true, 50, null],
    ["auto", "baileys", false, true, 23, null],
    ["auto", "baileys", false, true, 25, "window_closed"],
    ["auto", "baileys", false, false, 1, "not_connected"],
    ["auto", "twilio", true, true, 23, null],
    ["auto", "twilio", true, true, 25, "window_closed"],
    ["auto", "twilio", true, false, 25, null],
    ["twilio", "baileys", true, true, 25, "window_closed"],
    ["twilio", "baileys", false, false, 1, "not_connected"],
    ["baileys", "twilio", false, true, 1, "not_connected"],
    ["baileys", "twilio", true, true, 90, null],
  ])("%s, wrote to %s, gateway %s, Twilio %s, %d h: %s", (...row) => {
    const [provider, wrote_to, connected, enabled, hours, why] = row;
    const thread = { provider: wrote_to, last_inbound_at: hours_ago(hours) };
    const status = { provider, baileys: { connected }, twilio: { enabled, from: null } };
    expect(obstacle(thread, status, now)).toBe(why);
  });
});

test("a pause without an end is the contract's", () => {
  expect(pause.PAUSED_UNTIL_RESUMED).toBe(PAUSED_UNTIL_RESUMED);
  expect(pause.isOpenEnded(PAUSED_UNTIL_RESUMED)).toBe(true);
  expect(pause.isOpenEnded(at(0))).toBe(false);
});
