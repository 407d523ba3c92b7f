import type { JobHelpers } from "graphile-worker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutboxWorld, type OutboxWorld } from "../../../../test/outbox.ts";
import type { Database } from "../../../db/database.ts";
import { createGatewayClient } from "../channel/index.ts";
import { createOutbox, createTwilioClient } from "./index.ts";

let world: OutboxWorld;
beforeAll(async () => {
  world = await createOutboxWorld();
  await world.channel("open");
});
afterAll(() => world.close());

class Killed extends Error {}

/** Ends the process at the n-th line: each call is one before it and another after it. */
function bomb(n: number) {
  let line = 0;
  const tick = () => {
    line += 1;
    if (line === n) throw new Killed();
  };
  return {
    went_off: () => line >= n,
    around<T extends object>(inner: T, names: (keyof T)[]): T {
      const armed = { ...inner };
      for (const name of names) {
        armed[name] = (async (...given: unknown[]) => {
          tick();
          const value = await (inner[name] as (...all: unknown[]) => Promise<unknown>)(...given);
          tick();
          return value;
        }) as T[typeof name];
      }
      return armed;
    },
  };
}

/** The jobs of a process that is killed at the n-th line. */
function mortal(n: number) {
  const { env, log, clock } = world;
  const killer = bomb(n);
  const gateway = createGatewayClient({ url: world.gateway.url, secret: "s" });
  const twilio = createTwilioClient(env)!;
  const messages = twilio.messages.create.bind(twilio.messages);
  twilio.messages.create = killer.around({ messages }, ["messages"]).messages;
  const { sending } = createOutbox({
    ...{ env, log, clock, twilio },
    db: killer.around<Database>(world.db, ["inBusiness"]),
    gateway: killer.around(gateway, ["send", "cancelSend", "sendState"]),
    providerHealth: async () => ({ baileys: "open", twilio: "enabled" }),
    linkToMedia: () => "",
    keepUpload: () => Promise.reject(new Error()),
  });
  return {
    went_off: killer.went_off,
    look: (thread_id: number) =>
      sending["whatsapp.send"]!({ business_id: world.business_id, thread_id }, {} as JobHelpers),
  };
}

const bodies = {
  baileys: () => world.gateway.texts,
  twilio: () => world.twilio.whatsapp.sent.map(({ body }) => body),
};

test.each(["baileys", "twilio"] as const)(
  "killed at any line, two messages go by %s once each and in order",
  async (provider) => {
    let alive = false;
    for (let n = 1; !alive; n += 1) {
      const customer = world.number();
      const thread = await world.writes(customer, provider);
      const texts = ["אחת", "שתיים"].map((text) => `${customer} ${text}`);
      for (const text of texts) await world.answer(thread, text);
      const process = mortal(n);
      await process.look(thread).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      alive = !process.went_off();
      for (const seconds of [0, 3, 61, 3]) {
        world.clock.advance(seconds * 1000);
        await world.look(thread);
      }
      const sent = bodies[provider]().filter((text) => text?.startsWith(customer));
      expect(sent, `killed at line ${n}`).toEqual(texts);
      const elsewhere = bodies[provider === "twilio" ? "baileys" : "twilio"]();
      expect(elsewhere.filter((text) => text?.startsWith(customer))).toEqual([]);
      const written = await world.written(thread);
      expect(written.map(({ status }) => status).toSorted(), `line ${n}`).not.toContain("held");
      expect(written.every(({ provider_msg_id }) => provider_msg_id !== null)).toBe(true);
      expect(n).toBeLessThan(40);
    }
  },
  60_000,
);

test("two processes that look at the same thread at once send once", async () => {
  const customer = world.number();
  const thread = await world.writes(customer);
  await world.answer(thread, `${customer} פעם אחת`);
  await Promise.all([1, 2, 3].map(() => world.look(thread)));
  world.clock.advance(61_000);
  await world.look(thread);
  expect(world.gateway.texts.filter((text) => text?.startsWith(customer))).toHaveLength(1);
});
