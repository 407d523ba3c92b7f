import type { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startRedis } from "../../test/redis.ts";
import type { TestRedis } from "../../test/redis.ts";
import { connectRedis } from "./bus/index.ts";
import { createLimiter } from "./limiter.ts";
import type { Limiter } from "./limiter.ts";
import { createLoginLimiter } from "./login-limiter.ts";

let server: TestRedis;
const clients: Redis[] = [];

async function client(): Promise<Redis> {
  const redis = connectRedis(server.url, { log: pino({ level: "silent" }), name: "test" });
  clients.push(redis);
  if (redis.status !== "ready") await new Promise((ready) => redis.once("ready", ready));
  return redis;
}

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await (await client()).flushall();
});
afterEach(() => {
  vi.useRealTimers();
  for (const redis of clients.splice(0)) redis.disconnect();
});

const open: [string, () => Promise<Limiter>][] = [
  ["memory", async () => createLimiter()],
  ["redis", async () => createLimiter({ redis: await client() })],
];

describe.each(open)("limiter: %s", (_name, createIt) => {
  const three = { points: 3, seconds: 60 };

  it("lets `points` requests through, also when they come at once, and says when to retry", async () => {
    const limiter = await createIt();
    const all = await Promise.all(
      Array.from({ length: 10 }, () => limiter.limit("api", "203.0.113.7", three)),
    );
    expect(all.filter(({ ok }) => ok).map(({ remaining }) => remaining)).toEqual([2, 1, 0]);
    const refused = all.filter(({ ok }) => !ok);
    expect(refused).toHaveLength(7);
    for (const { retry_after_seconds } of refused) {
      expect(retry_after_seconds).toBeGreaterThan(55);
      expect(retry_after_seconds).toBeLessThanOrEqual(60);
    }
  });

  it("keeps keys and names apart", async () => {
    const limiter = await createIt();
    for (let n = 0; n < 4; n++) await limiter.limit("api", "a", three);
    expect((await limiter.limit("api", "a", three)).ok).toBe(false);
    expect((await limiter.limit("api", "b", three)).ok).toBe(true);
    expect((await limiter.limit("other", "a", three)).ok).toBe(true);
  });

  it("refunds and resets", async () => {
    const limiter = await createIt();
    for (let n = 0; n < 3; n++) await limiter.limit("api", "a", three);
    await limiter.refund("api", "a", three);
    expect((await limiter.limit("api", "a", three)).ok).toBe(true);
    expect((await limiter.limit("api", "a", three)).ok).toBe(false);
    await limiter.reset("api", "a", three);
    expect(await limiter.limit("api", "a", three)).toMatchObject({ ok: true, remaining: 2 });
  });

  it("opens again when the window ends", async () => {
    const limiter = await createIt();
    const brief = { points: 1, seconds: 1 };
    await limiter.limit("api", "a", brief);
    expect(await limiter.limit("api", "a", brief)).toMatchObject({ retry_after_seconds: 1 });
    await vi.waitUntil(async () => (await limiter.limit("api", "a", brief)).ok, { timeout: 3000 });
  });
});

describe("limiter on Redis", () => {
  const two = { points: 2, seconds: 60 };

  it("shares the count between processes", async () => {
    const [one, other] = [
      createLimiter({ redis: await client() }),
      createLimiter({ redis: await client() }),
    ];
    expect((await one.limit("api", "a", two)).ok).toBe(true);
    expect((await other.limit("api", "a", two)).ok).toBe(true);
    expect((await one.limit("api", "a", two)).ok).toBe(false);
  });

  it("keeps no address and no name of an account in Redis", async () => {
    const redis = await client();
    await createLimiter({ redis }).limit("login", "dana@example.com", two);
    const keys = await redis.keys("*");
    expect(keys).toHaveLength(1);
    expect(keys.join()).not.toContain("dana");
  });

  it("goes on limiting, in memory, while Redis is away", async () => {
    const limiter = createLimiter({ redis: await client() });
    await server.stop();
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push((await limiter.limit("api", "a", two)).ok);
    expect(answers).toEqual([true, true, false]);
    server = await startRedis(server.port);
  });
});

describe.each(open)("login attempts: %s", (_name, createIt) => {
  const account = "dana@example.com";

  /** Attempts from as many addresses; whether each passed. */
  async function attempts(login: ReturnType<typeof createLoginLimiter>, count: number) {
    const answers = [];
    for (let n = 0; n < count; n++) {
      answers.push((await login.attempt(`198.51.100.${n}`, account)).ok);
    }
    return answers;
  }

  it("slows an account down after five, however it is written and wherever they come from", async () => {
    const login = createLoginLimiter(await createIt());
    expect(await attempts(login, 5)).not.toContain(false);
    expect((await login.attempt("203.0.113.1", " Dana@Example.com")).ok).toBe(true);
    const refused = await login.attempt("203.0.113.2", account);
    expect(refused.ok).toBe(false);
    expect(refused.retry_after_seconds).toBeLessThanOrEqual(2);
    expect((await login.attempt("203.0.113.2", "other@example.com")).ok).toBe(true);
  });

  it("lets few of many parallel guesses through", async () => {
    const login = createLoginLimiter(await createIt());
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, n) => login.attempt(`198.51.100.${n}`, account)),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(6);
  });

  it("starts afresh after the right password", async () => {
    const login = createLoginLimiter(await createIt());
    expect(await attempts(login, 7)).toEqual([true, true, true, true, true, true, false]);
    await login.succeeded(account);
    expect(await attempts(login, 6)).not.toContain(false);
  });

  it("limits one address that tries many accounts", async () => {
    const login = createLoginLimiter(await createIt());
    const answers = [];
    for (let n = 0; n < 60; n++) answers.push((await login.attempt("203.0.113.9", `user${n}`)).ok);
    expect(answers.filter(Boolean)).toHaveLength(50);
  });

  it("limits one network that has an IPv6 address for each attempt", async () => {
    const login = createLoginLimiter(await createIt());
    const tryFrom = async (address: string, n: number) =>
      (await login.attempt(address, `user${n}`)).ok;
    const answers = [];
    for (let n = 0; n < 60; n++) answers.push(await tryFrom(`2001:db8:1:2::${n}`, n));
    expect(answers.filter(Boolean)).toHaveLength(50);
    expect(await tryFrom("2001:db8:1:3::1", 61)).toBe(true);
  });
});

it("makes the delay grow with each attempt that passed, and not with the refused ones", async () => {
  vi.useFakeTimers();
  const login = createLoginLimiter(createLimiter());
  const delays: number[] = [];
  for (let n = 0; n < 5; n++) await login.attempt("203.0.113.1", "dana");
  for (let n = 0; n < 8; n++) {
    expect((await login.attempt(`198.51.100.${n}`, "dana")).ok).toBe(true);
    const refused = [];
    for (let m = 0; m < 3; m++) refused.push(await login.attempt(`198.51.101.${n}`, "dana"));
    expect(refused.every(({ ok }) => !ok)).toBe(true);
    delays.push(refused[0]!.retry_after_seconds);
    vi.advanceTimersByTime(delays.at(-1)! * 1000);
  }
  expect(delays).toEqual([2, 5, 15, 30, 60, 120, 300, 300]);
});
