import { afterEach, beforeEach, expect, test } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { pair, runGateway } from "../../test/running-gateway.ts";
import type { RunOptions, Running } from "../../test/running-gateway.ts";

let wa: WhatsAppSim;
let undo: () => void;
let running: Running;

beforeEach(async () => {
  wa = await new WhatsAppSim().start();
  undo = wa.trusted();
});

afterEach(async () => {
  await running.stop();
  await wa.stop();
  undo();
  expect(wa.violations).toEqual([]);
});

const start = async (options: Partial<RunOptions> = {}) => {
  running = await runGateway({ url: wa.url, ...options });
};

test("pairs by QR, restarts, opens, hears and answers", async () => {
  await start();
  const salon = wa.phone("+972501111111", { name: "Salon" });
  const dana = wa.customer("+972521234567", { name: "Dana" });
  await pair(running, 1, salon);
  expect(await running.session(1)).toMatchObject({
    state: "open",
    reason: null,
    phone: "+972501111111",
    attempt: 0,
  });

  const id = await dana.writes(salon, "שלום, יש תור?");
  expect(await running.hearing.message(id)).toMatchObject({
    business_id: 1,
    remote_jid: dana.jid,
    from: "972521234567",
    lid: expect.stringMatching(/@lid$/),
    push_name: "Dana",
    type: "text",
    text: "שלום, יש תור?",
  });
  await dana.sees(id, "delivered");

  const sent = await running.send(1, dana.jid, { text: "כן" });
  const [received] = await dana.received(1);
  expect(received).toMatchObject({ id: sent, text: "כן" });
  await running.hearing.receipt(sent, "delivered");
  dana.reads(sent);
  await running.hearing.receipt(sent, "read");
  const statuses = running.hearing.events.flatMap((event) =>
    event.event === "receipt" && event.id === sent ? [event.status] : [],
  );
  expect(statuses).toEqual(["sent", "delivered", "read"]);
});
