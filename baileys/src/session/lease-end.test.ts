import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { WhatsAppSim } from "../../../lab/sim/whatsapp/index.ts";
import { Hearing, pair, runGateway } from "../../test/running-gateway.ts";
import { openBusiness } from "../storage/index.ts";
import { guardSocket } from "./socket.ts";
import type { Sock } from "./socket.ts";

test("once the lease is over, nothing goes to WhatsApp: no receipt, no answer, no login", async () => {
  const wa = await new WhatsAppSim().start();
  const undo = wa.trusted();
  const hearing = await new Hearing().start();
  const dir = await mkdtemp(join(tmpdir(), "gateway-"));
  const lease = { epoch: 3, mine: true, held: () => lease.mine };
  const openStorage: typeof openBusiness = (options) => openBusiness({ ...options, lease });
  const before = await runGateway({ url: wa.url, hearing, dir, openStorage });
  const stops = [() => before.stop()];
  onTestFinished(async () => {
    for (const stop of stops) await stop();
    await wa.stop();
    hearing.stop();
    undo();
    await rm(dir, { recursive: true, force: true });
  });
  const phone = wa.phone("+972505553001");
  await pair(before, 1, phone);
  const customer = wa.customer("+972505553002");
  await hearing.message(await customer.writes(phone, "בזמן"));

  lease.mine = false;
  const id = await customer.writes(phone, "אחרי הזמן");
  await before.until(1, ({ connected }) => !connected);
  await before.until(1, ({ attempt }) => attempt > 2);
  const opened = before.lines.filter(({ msg }) => String(msg).includes("state=open"));
  expect(opened).toHaveLength(1);
  expect(hearing.events.some((event) => event.event === "message" && event.id === id)).toBe(false);

  // Its successor has it from WhatsApp, and from the same pairing.
  const heir = { epoch: 4, held: () => true };
  const after = await runGateway({
    ...{ url: wa.url, hearing, dir },
    openStorage: (options) => openBusiness({ ...options, lease: heir }),
  });
  stops.unshift(() => after.stop());
  expect(await hearing.message(id)).toMatchObject({ text: "אחרי הזמן" });
  expect(wa.violations).toEqual([]);
});

test("a process that slept in the middle of a login does not go on with it", () => {
  const raw = { send: vi.fn(), terminate: vi.fn() };
  const { send } = raw;
  let mine = true;
  guardSocket({ ws: { socket: raw } } as unknown as Sock, () => mine);
  raw.send("hello");
  mine = false;
  const done = vi.fn();
  raw.send("who I am", done);
  expect(send.mock.calls.map(([bytes]) => bytes)).toEqual(["hello"]);
  expect(raw.terminate).toHaveBeenCalledOnce();
  expect(done).toHaveBeenCalledWith(expect.any(Error));
});
