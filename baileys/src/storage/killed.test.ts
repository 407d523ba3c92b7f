import { once } from "node:events";
import { expect, test } from "vitest";
import { child, scratch, silent } from "../../test/scratch.ts";
import { openBusiness } from "./index.ts";

const index = new URL("./index.ts", import.meta.url).href;
const SECRET = "a secret that is thirty-two bytes";

/** Writes everywhere at once for as long as it lives; says what was acknowledged, as it is. */
const busy = (dir: string, round: number) => `
  import { writeSync } from "node:fs";
  import { openBusiness } from ${JSON.stringify(index)};
  const log = { child: () => log, info() {}, warn() {}, error() {} };
  const storage = await openBusiness({
    dir: ${JSON.stringify(dir)}, businessId: 1, secret: ${JSON.stringify(SECRET)}, log,
  });
  const vault = await storage.openAuth(() => ({ round: -1 }));
  vault.creds.me = { id: "972500000000:1@s.whatsapp.net" };
  vault.creds.account = { signed: Buffer.from("by the phone") };
  const forever = async (step) => { for (let i = 0; ; i++) writeSync(1, await step(i) + "\\n"); };
  const padding = "x".repeat(30_000);
  void forever(async (i) => {
    const key = "message:${round}." + i;
    await storage.inbox.record({ key, thread: "t", data: { text: Buffer.from(key) } });
    return "inbox " + key;
  });
  void forever(async (i) => {
    await vault.keys.set({ session: { peer: { round: ${round}, i, padding } } });
    return "session ${round} " + i;
  });
  void forever(async (i) => {
    await vault.keys.set({ "pre-key": { ["${round}-" + i]: { i }, ["${round}-" + (i - 5)]: null } });
    return "pre-key ${round}-" + i;
  });
  void forever(async (i) => {
    const key = "${round}-" + i;
    const { messageId } = await storage.sends.accept({ idempotencyKey: key, body: { i } });
    if (i % 2) await storage.sends.claim(messageId);
    return "send " + key;
  });
  void forever(async (i) => {
    vault.creds.round = ${round} * 1e6 + i;
    await vault.saveCreds();
    return "creds " + (${round} * 1e6 + i);
  });
`;

test("a process killed in the middle of everything has lost nothing of what it acknowledged", async () => {
  const dir = scratch();
  const acknowledged = new Map<string, string[]>();
  for (let round = 0; round < 4; round++) {
    const { process, lines } = child(busy(dir, round));
    let count = 0;
    for await (const line of lines) {
      const [kind, ...rest] = line.split(" ") as [string, ...string[]];
      acknowledged.set(kind, [...(acknowledged.get(kind) ?? []), rest.join(" ")]);
      count += 1;
      const enough = count >= 400 + round * 37 && acknowledged.size === 5;
      if (enough) process.kill("SIGKILL");
    }
    if (process.signalCode === null) await once(process, "exit");
    expect(process.signalCode).toBe("SIGKILL");

    const storage = await openBusiness({ dir, businessId: 1, secret: SECRET, log: silent });
    expect(storage.notices).toEqual([]);
    const vault = await storage.openAuth(() => expect.fail("a new identity"));
    expect(vault.origin).toEqual({ kind: "ok" });

    expect(storage.inbox.waiting().map(({ key }) => key)).toEqual(
      expect.arrayContaining(acknowledged.get("inbox")!),
    );
    const last = acknowledged.get("inbox")!.at(-1)!;
    expect((await storage.inbox.read(last))?.data).toEqual({ text: Buffer.from(last) });

    const { peer } = (await vault.keys.get("session", ["peer"])) as { peer: { i: number } };
    const [of_round, at_least] = acknowledged.get("session")!.at(-1)!.split(" ").map(Number);
    expect(peer).toMatchObject({ round: of_round });
    expect(peer.i).toBeGreaterThanOrEqual(at_least!);
    const newest = acknowledged.get("pre-key")!.at(-1)!;
    expect(Object.keys(await vault.keys.get("pre-key", [newest]))).toEqual([newest]);

    for (const key of acknowledged.get("send")!) {
      const odd = Number(key.split("-")[1]) % 2 === 1;
      expect(storage.sends.status(key)?.state).toBe(odd ? "written" : "journalled");
    }
    const { round: saved } = vault.creds as unknown as { round: number };
    expect(saved).toBeGreaterThanOrEqual(Number(acknowledged.get("creds")!.at(-1)));
    await vault.close();
    await storage.close();
  }
});
