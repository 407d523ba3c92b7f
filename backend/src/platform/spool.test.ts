import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSpool, SpoolFull, SpoolReject } from "./spool.ts";
import type { Spool, SpoolHandler, SpoolOptions } from "./spool.ts";

let dir: string;
const spools: Spool[] = [];
const logged: string[] = [];
const log = pino({ level: "info" }, { write: (line: string) => void logged.push(line) });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "agentlocator-spool-"));
  logged.length = 0;
});
afterEach(async () => {
  for (const spool of spools.splice(0)) await spool.stop();
  await rm(dir, { recursive: true });
});

async function open(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await openSpool({
    dir,
    log,
    backoff_ms: { first: 5, longest: 20 },
    ...options,
  });
  spools.push(spool);
  return spool;
}

const files = async () => (await readdir(dir)).filter((name) => name !== "aside");
const empty = (spool: Spool) =>
  vi.waitUntil(() => spool.size().items === 0, { timeout: 5000, interval: 2 });

describe("spool", () => {
  it("hands over what was put before and after the start, in order, and leaves nothing", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    await spool.put("call_status", "CA1", { n: 1, text: "שלום" });
    await spool.put("call_status", "CA1", { n: 2 });
    expect(spool.holds("CA1")).toBe(true);
    spool.start(async ({ kind, key, payload }) => void seen.push([kind, key, payload]));
    await spool.put("stream_ended", "CA2", { n: 3 });
    await empty(spool);
    expect(seen).toEqual([
      ["call_status", "CA1", { n: 1, text: "שלום" }],
      ["call_status", "CA1", { n: 2 }],
      ["stream_ended", "CA2", { n: 3 }],
    ]);
    expect(spool.holds("CA1")).toBe(false);
    expect(await files()).toEqual([]);
  });

  it("is shared by replicas: what one has done is gone for the other, and disturbs nobody", async () => {
    const first = await open();
    await first.put("call_status", "CA1", { n: 1 });
    const writing = join(dir, "000000000000001-000000-0badcafe.json.of-the-first.tmp");
    await writeFile(writing, "half");
    const second = await open();
    expect(await files()).toContain(basename(writing));
    const seen: unknown[] = [];
    first.start(async ({ payload }) => void seen.push(payload));
    await empty(first);
    second.start(async ({ payload }) => void seen.push(payload));
    await second.put("call_status", "CA1", { n: 2 });
    await empty(second);
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
    expect(logged.join("")).not.toContain("can't work");
  });

  it("keeps the order of parallel puts", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    spool.start(async ({ payload }) => void seen.push(payload as number));
    // The first is large, so that its write ends after the others'.
    const large = "x".repeat(5_000_000);
    await Promise.all([large, 1, 2, 3].map((payload) => spool.put("a", "same", payload)));
    await empty(spool);
    expect(seen).toEqual([large, 1, 2, 3]);
    expect(logged).toEqual([]);
  });

  it("rests once an item that had to wait is refused", async () => {
    const spool = await open();
    let attempts = 0;
    await spool.put("a", "CA1", 1);
    spool.start(async () => {
      attempts += 1;
      throw attempts < 3 ? new Error("not now") : new SpoolReject("never");
    });
    await empty(spool);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const clock = vi.spyOn(performance, "now");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(clock).not.toHaveBeenCalled();
  });

  it("tries again for as long as it takes; its key waits and the others go on", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    let failures = 6;
    for (const [key, n] of [
      ["a", 1],
      ["a", 2],
      ["b", 3],
    ] as const)
      await spool.put("k", key, n);
    const handler: SpoolHandler = async ({ key, payload }) => {
      if (key === "a" && failures-- > 0) throw new Error("database away");
      seen.push(payload);
    };
    spool.start(handler);
    await empty(spool);
    expect(seen).toEqual([3, 1, 2]);
    expect(logged.filter((line) => line.includes("database away"))).toHaveLength(1);
  });

  it("gives an item the same id at every attempt and after a restart", async () => {
    const first = await open();
    await first.put("k", "a", 1);
    const ids: string[] = [];
    const failing: SpoolHandler = async ({ id }) => {
      ids.push(id);
      throw new Error("not now");
    };
    first.start(failing);
    await vi.waitUntil(() => ids.length >= 2);
    await first.stop();
    const second = await open();
    second.start(async ({ id }) => void ids.push(id));
    await empty(second);
    expect(new Set(ids).size).toBe(1);
  });

  it("sets aside what the handler rejects, and goes on", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    await spool.put("k", "a", "bad");
    await spool.put("k", "a", "good");
    const handler: SpoolHandler = async ({ payload }) => {
      if (payload === "bad") throw new SpoolReject("unknown business");
      seen.push(payload);
    };
    spool.start(handler);
    await empty(spool);
    expect(seen).toEqual(["good"]);
    expect(await readdir(join(dir, "aside"))).toHaveLength(1);
    expect(logged.join()).toContain("unknown business");
  });

  it("is bounded in number and in bytes, says so, and takes more when there is room", async () => {
    const spool = await open({ max_items: 2, max_bytes: 1000 });
    await expect(spool.put("k", "a", "x".repeat(1000))).rejects.toThrow(SpoolFull);
    await spool.put("k", "a", 1);
    await spool.put("k", "a", 2);
    await expect(spool.put("k", "a", 3)).rejects.toThrow(SpoolFull);
    expect(logged.filter((line) => line.includes("[SPOOL] full"))).toHaveLength(2);
    spool.start(async () => {});
    await empty(spool);
    await spool.put("k", "a", 4);
  });

  it("stops after the item in hand and keeps the rest", async () => {
    const spool = await open();
    for (const n of [1, 2, 3]) await spool.put("k", "a", n);
    const { promise: inHand, resolve: taken } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const handler: SpoolHandler = async () => {
      taken();
      await released;
    };
    spool.start(handler);
    await inHand;
    const stopped = spool.stop();
    release();
    await stopped;
    expect(await files()).toHaveLength(2);
  });

  it("keeps its files to itself", async () => {
    await (await open()).put("k", "a", 1);
    const [name] = await files();
    expect((await stat(join(dir, name!))).mode & 0o777).toBe(0o600);
  });
});

describe("spool: what an earlier process left", () => {
  it("sets unreadable files aside, logs them, and hands over the others", async () => {
    const before = await open();
    for (const n of [1, 2, 3, 4]) await before.put("k", "a", n);
    const names = (await files()).toSorted();
    await writeFile(join(dir, names[0]!), "");
    await writeFile(join(dir, names[1]!), (await readFile(join(dir, names[1]!))).subarray(0, -5));
    await writeFile(join(dir, names[2]!), await readFile(join(dir, names[3]!)));
    const spool = await open();
    const seen: unknown[] = [];
    spool.start(async ({ payload }) => void seen.push(payload as number));
    await empty(spool);
    expect(seen).toEqual([4]);
    expect(await readdir(join(dir, "aside"))).toHaveLength(3);
    expect(logged.filter((line) => line.includes("unreadable item"))).toHaveLength(3);
  });

  it("keeps the order when the clock has been set back", async () => {
    const before = await open({ clock: { now: () => 2_000_000_000_000 } });
    await before.put("k", "a", "old");
    const spool = await open({ clock: { now: () => 1_000_000_000_000 } });
    await spool.put("k", "a", "new");
    const third = await open();
    const seen: unknown[] = [];
    third.start(async ({ payload }) => void seen.push(payload as number));
    await empty(third);
    expect(seen).toEqual(["old", "new"]);
  });

  /** Runs `body` in a process of its own, with a spool open, and gives its lines of output. */
  function inChild(body: string) {
    const code = `
      import { openSpool } from ${JSON.stringify(new URL("./spool.ts", import.meta.url).href)};
      const log = { error() {}, warn() {} };
      const spool = await openSpool({ dir: ${JSON.stringify(dir)}, log });
      const say = (line) => new Promise((done) => process.stdout.write(line + "\\n", done));
      ${body}`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return { child, lines: createInterface({ input: child.stdout }) };
  }

  it("loses nothing that was put when the process is killed at any moment", async () => {
    const promised: number[] = [];
    for (let round = 0; round < 3; round++) {
      const { child, lines } = inChild(`
        for (let n = ${round * 1000}; ; n++) {
          await spool.put("k", "a", n);
          await say(String(n));
        }`);
      lines.on("line", (line) => {
        promised.push(Number(line));
        if (promised.length >= (round + 1) * 10) child.kill("SIGKILL");
      });
      await Promise.all([once(child, "exit"), once(lines, "close")]);
    }
    const spool = await open();
    const seen: number[] = [];
    spool.start(async ({ payload }) => void seen.push(payload as number));
    await empty(spool);
    expect(seen).toEqual(expect.arrayContaining(promised));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.length - promised.length).toBeLessThan(30);
    expect(await files()).toEqual([]);
  });

  it("hands over again what a killed process had in hand, and what came after it", async () => {
    const before = await open();
    for (const n of [1, 2, 3]) await before.put("k", "a", n);
    const { child, lines } = inChild(`
      spool.start(async ({ payload }) => {
        await say(String(payload));
        if (payload === 2) await new Promise(() => setInterval(() => {}, 1000));
      });`);
    const handled: number[] = [];
    lines.on("line", (line) => {
      handled.push(Number(line));
      if (line === "2") child.kill("SIGKILL");
    });
    await Promise.all([once(child, "exit"), once(lines, "close")]);
    const spool = await open();
    spool.start(async ({ payload }) => void handled.push(payload as number));
    await empty(spool);
    expect(handled).toEqual([1, 2, 2, 3]);
  });
});
