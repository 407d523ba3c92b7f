import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSpool, SpoolFull, SpoolReject } from "./spool.ts";
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
  for (const spool of spools.splice(0)) await spool.close();
  await rm(dir, { recursive: true });
});

async function open(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await createSpool({
    data_dir: dir,
    log,
    backoff_ms: { first: 5, longest: 20 },
    ...options,
  });
  spools.push(spool);
  return spool;
}

const files = async () => (await readdir(join(dir, "spool"))).filter((name) => name !== "aside");
const empty = (spool: Spool) =>
  vi.waitUntil(() => spool.size().items === 0, { timeout: 5000, interval: 2 });

describe("spool", () => {
  it("hands over what was put before and after the start, in order, and leaves nothing", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    await spool.put("call_status", [{ n: 1, text: "שלום" }], "CA1");
    await spool.put("call_status", [{ n: 2 }], "CA1");
    expect(spool.holds("CA1")).toBe(true);
    const see: SpoolHandler = async (payload: [unknown], { kind, key }) =>
      void seen.push([kind, key, ...payload]);
    spool.start({ call_status: see, stream_ended: see });
    await spool.put("stream_ended", [{ n: 3 }], "CA2");
    await empty(spool);
    expect(seen).toEqual([
      ["call_status", "CA1", { n: 1, text: "שלום" }],
      ["call_status", "CA1", { n: 2 }],
      ["stream_ended", "CA2", { n: 3 }],
    ]);
    expect(spool.holds("CA1")).toBe(false);
    expect(await files()).toEqual([]);
  });

  it("keeps the order of parallel puts", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    spool.start({ a: async ([n]: [unknown]) => void seen.push(n) });
    // The first is large, so that its write ends after the others'.
    const large = "x".repeat(5_000_000);
    await Promise.all([large, 1, 2, 3].map((payload) => spool.put("a", [payload], "same")));
    await empty(spool);
    expect(seen).toEqual([large, 1, 2, 3]);
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
      await spool.put("k", [n], key);
    const handler: SpoolHandler = async ([n]: [number], { key }) => {
      if (key === "a" && failures-- > 0) throw new Error("database away");
      seen.push(n);
    };
    spool.start({ k: handler });
    await empty(spool);
    expect(seen).toEqual([3, 1, 2]);
    expect(logged.filter((line) => line.includes("database away"))).toHaveLength(1);
  });

  it("gives an item the same id at every attempt and after a restart", async () => {
    const first = await open();
    await first.put("k", [1], "a");
    const ids: string[] = [];
    const failing: SpoolHandler = async (_payload, { id }) => {
      ids.push(id);
      throw new Error("not now");
    };
    first.start({ k: failing });
    await vi.waitUntil(() => ids.length >= 2);
    await first.close();
    const second = await open();
    second.start({ k: async (_payload, { id }) => void ids.push(id) });
    await empty(second);
    expect(new Set(ids).size).toBe(1);
  });

  it("sets aside what the handler rejects, and goes on", async () => {
    const spool = await open();
    const seen: unknown[] = [];
    await spool.put("k", ["bad"], "a");
    await spool.put("of another version", ["bad"], "a");
    await spool.put("k", ["good"], "a");
    const handler: SpoolHandler = async ([word]: [string]) => {
      if (word === "bad") throw new SpoolReject("unknown business");
      seen.push(word);
    };
    spool.start({ k: handler });
    await empty(spool);
    expect(seen).toEqual(["good"]);
    expect(await readdir(join(dir, "spool", "aside"))).toHaveLength(2);
    expect(logged.join()).toMatch(/unknown business.*nobody handles this kind/s);
  });

  it("is bounded in number and in bytes, says so, and takes more when there is room", async () => {
    const spool = await open({ max_items: 2, max_bytes: 1000 });
    await expect(spool.put("k", ["x".repeat(1000)], "a")).rejects.toThrow(SpoolFull);
    await spool.put("k", [1], "a");
    await spool.put("k", [2], "a");
    await expect(spool.put("k", [3], "a")).rejects.toThrow(SpoolFull);
    expect(logged.filter((line) => line.includes("[SPOOL] full"))).toHaveLength(2);
    spool.start({ k: async () => {} });
    await empty(spool);
    await spool.put("k", [4], "a");
  });

  it("stops after the item in hand and keeps the rest", async () => {
    const spool = await open();
    for (const n of [1, 2, 3]) await spool.put("k", [n], "a");
    const { promise: inHand, resolve: taken } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const handler: SpoolHandler = async () => {
      taken();
      await released;
    };
    spool.start({ k: handler });
    await inHand;
    const stopped = spool.close();
    release();
    await stopped;
    expect(await files()).toHaveLength(2);
  });

  it("keeps its files to itself", async () => {
    await (await open()).put("k", [1], "a");
    const [name] = await files();
    expect((await stat(join(dir, "spool", name!))).mode & 0o777).toBe(0o600);
  });
});

describe("spool: what an earlier process left", () => {
  it("sets unreadable files aside, logs them, and hands over the others", async () => {
    const before = await open();
    for (const n of [1, 2, 3, 4]) await before.put("k", [n], "a");
    const names = (await files()).sort();
    await writeFile(join(dir, "spool", names[0]!), "");
    await writeFile(
      join(dir, "spool", names[1]!),
      (await readFile(join(dir, "spool", names[1]!))).subarray(0, -5),
    );
    await writeFile(join(dir, "spool", names[2]!), JSON.stringify({ id: "other", kind: "k" }));
    const spool = await open();
    const seen: unknown[] = [];
    spool.start({ k: async ([n]: [unknown]) => void seen.push(n) });
    await empty(spool);
    expect(seen).toEqual([4]);
    expect(await readdir(join(dir, "spool", "aside"))).toHaveLength(3);
    expect(logged.filter((line) => line.includes("unreadable item"))).toHaveLength(3);
  });

  it("keeps the order when the clock has been set back", async () => {
    const before = await open({ clock: { now: () => 2_000_000_000_000 } });
    await before.put("k", ["old"], "a");
    const spool = await open({ clock: { now: () => 1_000_000_000_000 } });
    await spool.put("k", ["new"], "a");
    const third = await open();
    const seen: unknown[] = [];
    third.start({ k: async ([word]: [unknown]) => void seen.push(word) });
    await empty(third);
    expect(seen).toEqual(["old", "new"]);
  });

  /** Runs `body` in a process of its own, with a spool open, and gives its lines of output. */
  function inChild(body: string) {
    const code = `
      import { createSpool } from ${JSON.stringify(new URL("./spool.ts", import.meta.url).href)};
      const log = { error() {}, warn() {} };
      const spool = await createSpool({ data_dir: ${JSON.stringify(dir)}, log });
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
          await spool.put("k", [n], "a");
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
    spool.start({ k: async ([n]: [number]) => void seen.push(n) });
    await empty(spool);
    expect(seen).toEqual(expect.arrayContaining(promised));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length - promised.length).toBeLessThan(30);
    expect(await files()).toEqual([]);
  });

  it("hands over again what a killed process had in hand, and what came after it", async () => {
    const before = await open();
    for (const n of [1, 2, 3]) await before.put("k", [n], "a");
    const { child, lines } = inChild(`
      const k = async ([n]) => {
        await say(String(n));
        if (n === 2) await new Promise(() => setInterval(() => {}, 1000));
      };
      spool.start({ k });`);
    const handled: number[] = [];
    lines.on("line", (line) => {
      handled.push(Number(line));
      if (line === "2") child.kill("SIGKILL");
    });
    await Promise.all([once(child, "exit"), once(lines, "close")]);
    const spool = await open();
    spool.start({ k: async ([n]: [number]) => void handled.push(n) });
    await empty(spool);
    expect(handled).toEqual([1, 2, 2, 3]);
  });
});
