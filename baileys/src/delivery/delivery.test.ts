import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { listening, scratch, silent } from "../../test/scratch.ts";
import { openBusiness } from "../storage/index.ts";
import type { BusinessStorage } from "../storage/index.ts";
import { createDelivery } from "./index.ts";
import type { DeliveryClock, DeliveryOptions, RenderEvent } from "./index.ts";

const SECRET = "shared by both";
const SECOND = 1_000;

interface Taken {
  business: number;
  key: string;
}

/** The backend's side: `answer` says what becomes of an event; the default takes it. */
async function backend() {
  const taken: Taken[] = [];
  const seen: Taken[] = [];
  const answers = { of: (_event: Taken): number | "nothing" => 204 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const signature = createHmac("sha256", SECRET).update(body).digest("hex");
      expect(request.headers["x-baileys-signature"]).toBe(signature);
      const event = JSON.parse(body.toString()) as Taken;
      seen.push(event);
      const status = answers.of(event);
      if (status === "nothing") return;
      if (status < 300) taken.push(event);
      response.writeHead(status).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { target: `http://127.0.0.1:${port}/webhook/whatsapp/baileys`, taken, seen, answers };
}

/** Time passes when the test says so. */
function ownClock() {
  let now = 0;
  let waits: { at: number; callback: () => void }[] = [];
  const clock: DeliveryClock = {
    after(ms, callback) {
      const wait = { at: now + ms, callback };
      waits.push(wait);
      return () => void (waits = waits.filter((other) => other !== wait));
    },
  };
  const pass = (ms: number) => {
    now += ms;
    const due = waits.filter(({ at }) => at <= now);
    waits = waits.filter(({ at }) => at > now);
    for (const { callback } of due) callback();
  };
  return { clock, pass, waits: () => waits.map(({ at }) => at - now).toSorted((a, b) => a - b) };
}

async function stored(dir: string, businessId = 1): Promise<BusinessStorage> {
  const storage = await openBusiness({ dir, businessId, secret: undefined, log: silent });
  onTestFinished(() => storage.close());
  return storage;
}

const record = ({ inbox }: BusinessStorage, key: string, thread = "t") =>
  inbox.record({ key, thread, data: {} });

function delivering(options: Partial<DeliveryOptions> & { target: string }) {
  const { clock, pass, waits } = ownClock();
  const { log, lines } = listening();
  const delivery = createDelivery({ secret: SECRET, log, clock, ...options });
  onTestFinished(() => delivery.stop());
  const attach = (storage: BusinessStorage, render?: RenderEvent) => {
    const id = storage.businessId;
    delivery.attach(id, storage.inbox, render ?? (({ key }) => ({ business: id, key })));
  };
  return { delivery, attach, pass, waits, lines };
}

test("what waited and what comes is delivered in order, signed, and forgotten", async () => {
  const { target, taken } = await backend();
  const storage = await stored(scratch());
  await record(storage, "m1");
  await record(storage, "m2");
  const { attach, delivery } = delivering({ target });
  attach(storage);
  await record(storage, "m3");
  await expect.poll(() => storage.inbox.waiting()).toEqual([]);
  expect(taken.map(({ key }) => key)).toEqual(["m1", "m2", "m3"]);
  expect(delivery.status(1)).toEqual({ waiting: 0, oldest_at: null, refused: 0 });
});

test("an event that fails is tried after 1, 5, 15, 60, 300 s and then every 5 minutes", async () => {
  const { target, seen, taken, answers } = await backend();
  answers.of = () => 503;
  const storage = await stored(scratch());
  const { attach, pass, waits, delivery } = delivering({ target });
  attach(storage);
  await record(storage, "m1");
  await record(storage, "m2");
  for (const [tries, seconds] of [1, 5, 15, 60, 300, 300, 300].entries()) {
    await expect.poll(waits).toEqual([seconds * SECOND]);
    expect(seen).toHaveLength(tries + 1);
    pass(seconds * SECOND - 1);
    expect(waits()).toEqual([1]);
    pass(1);
  }
  await expect.poll(waits).toEqual([300 * SECOND]);
  expect(delivery.status(1)).toMatchObject({ waiting: 2, refused: 0 });
  answers.of = () => 200;
  pass(300 * SECOND);
  await expect.poll(() => taken.map(({ key }) => key)).toEqual(["m1", "m2"]);
  await expect.poll(() => delivery.status(1).waiting).toBe(0);
});

test("when the backend is back, one that is taken wakes all that waited for it", async () => {
  const { target, taken, answers } = await backend();
  answers.of = () => 502;
  const [one, two] = [await stored(scratch(), 1), await stored(scratch(), 2)];
  const { attach, pass, waits, lines } = delivering({ target });
  attach(one);
  attach(two);
  for (const [storage, thread] of [
    [one, "a"],
    [one, "b"],
    [two, "c"],
  ] as const) {
    await record(storage, `of ${thread}`, thread);
  }
  await expect.poll(waits).toHaveLength(3);
  pass(SECOND);
  await expect.poll(waits).toEqual([5 * SECOND, 5 * SECOND, 5 * SECOND]);
  answers.of = () => 204;
  await record(one, "new", "d");
  await expect
    .poll(() => taken.map(({ key }) => key).toSorted())
    .toEqual(["new", "of a", "of b", "of c"]);
  expect(waits()).toEqual([]);
  const said = lines.filter(({ msg }) => msg.includes("not delivered"));
  expect(said).toHaveLength(1);
  expect(lines.at(-1)!.msg).toContain("takes events again");
});

test("a refused event is said loudly, kept, and tried slowly beside its conversation", async () => {
  const { target, seen, taken, answers } = await backend();
  answers.of = ({ key }) => (key === "bad" ? 422 : 204);
  const dir = scratch();
  const storage = await stored(dir);
  const { attach, pass, waits, lines, delivery } = delivering({ target });
  attach(storage);
  await record(storage, "bad");
  await record(storage, "m2");
  await record(storage, "m3");
  await expect.poll(() => taken.map(({ key }) => key)).toEqual(["m2", "m3"]);
  expect(waits()).toEqual([300 * SECOND]);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 50, key: "bad", msg: expect.stringMatching(/^\[WA-ERROR\]/) }),
  );
  expect(delivery.status(1)).toMatchObject({ waiting: 1, refused: 1 });
  pass(300 * SECOND);
  await expect.poll(() => seen.filter(({ key }) => key === "bad")).toHaveLength(2);
  await expect.poll(waits).toEqual([300 * SECOND]);
  answers.of = () => 204;
  pass(300 * SECOND);
  await expect.poll(() => storage.inbox.waiting()).toEqual([]);
  expect(delivery.status(1)).toEqual({ waiting: 0, oldest_at: null, refused: 0 });
});

test.each([
  ["408", 408, "failed"],
  ["429", 429, "failed"],
  ["401 (another secret)", 401, "shut out"],
  ["403 (another secret)", 403, "shut out"],
  ["404 (another address)", 404, "shut out"],
  ["a redirect", 307, "shut out"],
])("%s is nothing against the event: the conversation keeps its order", async (_, status, kind) => {
  const { target, seen, taken, answers } = await backend();
  answers.of = () => status;
  const storage = await stored(scratch());
  const { attach, pass, waits, lines } = delivering({ target });
  attach(storage);
  await record(storage, "m1");
  await record(storage, "m2");
  await expect.poll(waits).toEqual([kind === "failed" ? SECOND : 300 * SECOND]);
  expect(seen).toHaveLength(1);
  expect(lines.some(({ level }) => level === 50)).toBe(kind === "shut out");
  answers.of = () => 204;
  pass(300 * SECOND);
  await expect.poll(() => taken.map(({ key }) => key)).toEqual(["m1", "m2"]);
});

test("an event that fails again and again while others are taken holds nobody up for ever", async () => {
  const { target, taken, answers } = await backend();
  answers.of = ({ key }) => (key === "bad" ? 500 : 204);
  const storage = await stored(scratch());
  const { attach, pass, waits } = delivering({ target });
  attach(storage);
  await record(storage, "bad");
  await record(storage, "behind");
  for (let i = 0; i < 8; i++) {
    await record(storage, `other ${i}`, "another");
    await expect.poll(() => taken.some(({ key }) => key === `other ${i}`)).toBe(true);
    await expect.poll(waits).toHaveLength(1);
    pass(waits()[0]!);
  }
  await expect.poll(() => taken.map(({ key }) => key)).toContain("behind");
  expect(storage.inbox.waiting().map(({ key }) => key)).toContain("bad");
});

test("a backend that hangs on one conversation's event does not hold up another's", async () => {
  const { target, taken, seen, answers } = await backend();
  answers.of = ({ key }) => (key === "slow" ? "nothing" : 204);
  const storage = await stored(scratch());
  const { attach } = delivering({ target });
  attach(storage);
  await record(storage, "slow", "a");
  await expect.poll(() => seen).toHaveLength(1);
  await record(storage, "quick", "b");
  await expect.poll(() => taken.map(({ key }) => key)).toEqual(["quick"]);
});

test("a request without an answer ends after the timeout and is tried again", async () => {
  const { target, answers } = await backend();
  answers.of = () => "nothing";
  const storage = await stored(scratch());
  const { attach, waits, lines } = delivering({ target, timeout_ms: 100 });
  attach(storage);
  await record(storage, "m");
  await expect.poll(waits).toEqual([SECOND]);
  expect(lines[0]).toMatchObject({ why: "the backend did not answer in time" });
});

test("a business with many hanging conversations leaves room for the others", async () => {
  const { target, seen, taken, answers } = await backend();
  answers.of = ({ business }) => (business === 1 ? "nothing" : 204);
  const [one, two] = [await stored(scratch(), 1), await stored(scratch(), 2)];
  const { attach } = delivering({ target, concurrency: { total: 4, per_business: 3 } });
  attach(one);
  attach(two);
  for (let i = 0; i < 10; i++) await record(one, `m${i}`, `t${i}`);
  for (let i = 0; i < 5; i++) await record(two, `n${i}`, `t${i}`);
  await expect.poll(() => taken).toHaveLength(5);
  expect(seen.filter(({ business }) => business === 1)).toHaveLength(3);
});

test("stopped, it aborts at once and loses nothing; the next one delivers it", async () => {
  const { target, seen, taken, answers } = await backend();
  answers.of = () => "nothing";
  const storage = await stored(scratch());
  const first = delivering({ target });
  first.attach(storage);
  await record(storage, "m1");
  await record(storage, "m2");
  await expect.poll(() => seen).toHaveLength(1);
  await first.delivery.stop();
  await record(storage, "m3");
  expect(first.waits()).toEqual([]);
  expect(storage.inbox.waiting()).toHaveLength(3);
  answers.of = () => 204;
  const second = delivering({ target });
  second.attach(storage);
  await expect.poll(() => taken.map(({ key }) => key)).toEqual(["m1", "m2", "m3"]);
});

test("what can't be made into an event is said and kept; what need not be told is forgotten", async () => {
  const { target, taken } = await backend();
  const storage = await stored(scratch());
  const { attach, lines, delivery } = delivering({ target });
  const render = vi.fn<RenderEvent>(({ key }) => {
    if (key === "broken") throw new Error("no such message type");
    return key === "protocol" ? null : { business: 1, key };
  });
  attach(storage, render);
  for (const key of ["broken", "protocol", "m"]) await record(storage, key);
  await expect.poll(() => taken.map(({ key }) => key)).toEqual(["m"]);
  await expect.poll(() => storage.inbox.waiting().map(({ key }) => key)).toEqual(["broken"]);
  expect(delivery.status(1)).toMatchObject({ refused: 1 });
  expect(lines.some(({ level, msg }) => level === 50 && msg.includes("can't be made"))).toBe(true);
});

test("nobody at the address: it says so, in words and without the secret", async () => {
  const storage = await stored(scratch());
  const { attach, waits, lines } = delivering({ target: "http://127.0.0.1:9/webhook" });
  attach(storage);
  await record(storage, "m");
  await expect.poll(waits).toEqual([SECOND]);
  expect(lines[0]).toMatchObject({ why: expect.stringMatching(/can't be reached \(.+\)/) });
  expect(JSON.stringify(lines)).not.toContain(SECRET);
});
