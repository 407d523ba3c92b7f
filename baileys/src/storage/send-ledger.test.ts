import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { diskFull, scratch, silent } from "../../test/scratch.ts";
import { createMap, openMap } from "./durable-map.ts";
import { plainSealer } from "./sealer.ts";
import { createSends } from "./send-ledger.ts";
import { SendConflict, SendWithdrawn } from "./sends.ts";
import type { SendState } from "./sends.ts";

const DAY = 86_400_000;

async function open(path = join(scratch(), "sends"), now = () => Date.now(), make = createMap) {
  const { replay, on } = createSends({ business_id: 7, now });
  const map = await make({ path, sealer: plainSealer, log: silent, now, onReplay: replay! });
  onTestFinished(() => map.close().catch(() => {}));
  const sends = on(map);
  const reopen = async (later = now) => {
    await map.close();
    return (await open(path, later, openMap)).sends;
  };
  return { sends, reopen, map };
}

const body = { to: "+972521111111", type: "text", text: "שלום" };

test("a send gets its id from its key, is known the second time, and refused with another body", async () => {
  const { sends, reopen } = await open();
  const expected =
    `3EB0${createHash("sha256").update("7|k").digest("hex").slice(0, 18)}`.toUpperCase();
  const first = await sends.accept({ idempotencyKey: "k", body });
  expect(first).toMatchObject({ messageId: expected, state: "journalled", known: false });
  const again = { idempotencyKey: "k", body: { text: "שלום", type: "text", to: "+972521111111" } };
  expect(await sends.accept(again)).toEqual({ ...first, known: true });
  const other = { idempotencyKey: "k", body: { ...body, text: "other" } };
  await expect(sends.accept(other)).rejects.toThrow(SendConflict);

  const later = await reopen();
  expect(await later.accept(again)).toEqual({ ...first, known: true });
  await expect(later.accept(other)).rejects.toThrow(SendConflict);
  expect(await later.read(expected)).toMatchObject({ idempotencyKey: "k", body });
  expect(later.status("never seen")).toBeUndefined();
});

test("the same key at once is one send; another body beside it is refused", async () => {
  const { sends, map } = await open();
  const outcomes = await Promise.allSettled([
    sends.accept({ idempotencyKey: "k", body }),
    sends.accept({ idempotencyKey: "k", body }),
    sends.accept({ idempotencyKey: "k", body: {} }),
  ]);
  expect(outcomes).toMatchObject([
    { value: { known: false } },
    { value: { known: true } },
    { reason: expect.any(SendConflict) },
  ]);
  expect(map.size()).toBe(1);
});

test("reports move a send on and never back", async () => {
  const { sends, reopen } = await open();
  const id = (await sends.accept({ idempotencyKey: "k", body })).messageId;
  const states: (SendState | undefined)[] = [];
  const report = async (state: "sent" | "delivered" | "read" | "failed", error?: string) => {
    const moved = await sends.advance(id, state, error);
    states.push(moved ? sends.statusOf(id)!.state : undefined);
  };
  await report("failed", "463: not now");
  expect(sends.status("k")?.error).toBe("463: not now");
  await report("sent");
  await report("delivered");
  await report("failed");
  await report("sent");
  await report("read");
  await report("delivered");
  expect(states).toEqual([
    "failed",
    undefined,
    "delivered",
    undefined,
    undefined,
    "read",
    undefined,
  ]);
  expect(await sends.advance("unknown", "read")).toBe(false);
  expect((await reopen()).status("k")).toMatchObject({ state: "read", error: null });
});

test("a send is claimed once; what was not claimed can be withdrawn, and never both", async () => {
  const { sends, reopen } = await open();
  const [a, b] = [sends.messageIdFor("a"), sends.messageIdFor("b")];
  for (const key of ["a", "b", "c"]) await sends.accept({ idempotencyKey: key, body });
  const claims = await Promise.all([sends.claim(a), sends.claim(a)]);
  expect(claims).toEqual([expect.objectContaining({ body, state: "written" }), undefined]);
  expect(await sends.cancel("a")).toBe(false);
  const [claimed, cancelled] = await Promise.all([sends.claim(b), sends.cancel("b")]);
  expect([claimed, cancelled]).toEqual([undefined, true]);
  expect(await sends.advance(b, "sent")).toBe(false);

  const later = await reopen();
  expect(later.pending().map(({ messageId, state }) => [messageId, state])).toEqual([
    [a, "written"],
    [later.messageIdFor("c"), "journalled"],
  ]);
  expect(await later.claim(b)).toBeUndefined();
  await expect(later.accept({ idempotencyKey: "b", body })).rejects.toThrow(SendWithdrawn);
  expect(await later.cancel("b")).toBe(true);
});

test("a key withdrawn before its request arrives is refused when it does", async () => {
  const { sends, reopen } = await open();
  expect(await sends.cancel("late")).toBe(true);
  await expect(sends.accept({ idempotencyKey: "late", body })).rejects.toThrow(SendWithdrawn);
  const racing = await Promise.allSettled([
    sends.accept({ idempotencyKey: "race", body }),
    sends.cancel("race"),
  ]);
  expect(racing).toMatchObject([{ value: { known: false } }, { value: true }]);
  expect(await sends.claim(sends.messageIdFor("race"))).toBeUndefined();
  const later = await reopen();
  await expect(later.accept({ idempotencyKey: "late", body })).rejects.toThrow(SendWithdrawn);
  expect(later.status("race")?.state).toBe("not_sent");
});

test("what could not be written down did not happen", async () => {
  const { sends } = await open();
  const id = (await sends.accept({ idempotencyKey: "k", body })).messageId;
  const full = await diskFull();
  await expect(sends.accept({ idempotencyKey: "other", body })).rejects.toThrow("ENOSPC");
  await expect(sends.claim(id)).rejects.toThrow("ENOSPC");
  await expect(sends.cancel("k")).rejects.toThrow("ENOSPC");
  await expect(sends.cancel("unseen")).rejects.toThrow("ENOSPC");
  full.restore();
  expect(sends.status("other")).toBeUndefined();
  expect(sends.status("unseen")).toBeUndefined();
  expect(sends.status("k")?.state).toBe("journalled");
  expect(await sends.claim(id)).toMatchObject({ state: "written" });
});

test("done ones are kept for 30 days; those that are not done, longer", async () => {
  const start = Date.UTC(2026, 0, 1);
  let today = start;
  const { sends, reopen } = await open(undefined, () => today);
  for (const key of ["done", "waiting"]) await sends.accept({ idempotencyKey: key, body });
  await sends.advance(sends.messageIdFor("done"), "read");
  today = start + 30 * DAY;
  await sends.accept({ idempotencyKey: "new", body });
  expect(sends.status("done")).toBeDefined();
  today = start + 32 * DAY;
  await sends.accept({ idempotencyKey: "newer", body });
  expect(sends.status("done")).toBeUndefined();
  const later = await reopen();
  expect(later.status("done")).toBeUndefined();
  expect(later.pending().map(({ messageId }) => messageId)).toEqual(
    ["waiting", "new", "newer"].map((key) => later.messageIdFor(key)),
  );
});
