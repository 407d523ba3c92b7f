import { expect, test } from "vitest";
import { open, SECONDS, useTestChannel } from "../../../../test/channel.ts";

const world = useTestChannel();
const {
  at,
  bells,
  clock,
  gateway,
  health,
  incidents,
  paired,
  poll,
  restart,
  retry,
  shows,
  stored,
  tell,
  tellNext,
} = world;

test("a gateway that is gone is noticed, and rings after the time of five reconnects", async () => {
  const { id, owner } = await paired();
  gateway.sessions = null;
  await poll();
  const { baileys } = (await owner.get("/api/whatsapp/status")).body;
  expect(baileys).toMatchObject({ connected: false, reason: "unreachable" });
  expect(await health(id)).toMatchObject({
    baileys: "down",
  });
  for (let n = 0; n < 11; n++) await poll();
  expect(await bells(id)).toEqual([]);
  restart();
  await poll();
  await poll();
  expect(await incidents(id)).toMatchObject([{ reason: "unreachable", closed_at: null }]);
  expect(await bells(id)).toHaveLength(1);

  shows(id, open);
  await poll();
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
  expect(await bells(id)).toMatchObject([{ resolved_at: expect.any(String) }]);
  expect(await health(id)).toMatchObject({
    baileys: "open",
  });
});

test("time in which nobody watched is no time in which it was down", async () => {
  const { id } = await paired();
  gateway.sessions = null;
  await poll();
  // The backend itself was away for an hour; the gateway starts a moment after it.
  await poll(3_600 * SECONDS);
  shows(id, { state: "connecting" });
  await poll();
  shows(id, open);
  await poll();
  expect(await bells(id)).toEqual([]);
});

test("a report that was lost is made up for", async () => {
  const { id } = await paired();
  clock.advance(SECONDS);
  shows(id, { state: "logout", reason: "logged_out" });
  await poll();
  expect(await bells(id)).toHaveLength(1);
  clock.advance(SECONDS);
  shows(id, open);
  await poll();
  expect(await incidents(id)).toMatchObject([{ closed_at: expect.any(String) }]);
});

test("one channel that can't be taken keeps nobody from looking at the others", async () => {
  const [broken, next] = [await paired(), await paired()];
  clock.advance(SECONDS);
  shows(broken.id, { since: "not a time" });
  shows(next.id, { state: "logout", reason: "logged_out" });
  await poll();
  expect(await bells(next.id)).toHaveLength(1);
  expect(world.people.logged).toContainEqual(
    expect.objectContaining({ biz: broken.id, msg: "[WA-ERROR] a channel was not looked at" }),
  );
});

test("what the gateway says now counts, also when its clock was set back", async () => {
  const { id } = await paired();
  const back = { since: at(-3_600 * SECONDS) };
  shows(id, { ...open, ...back });
  await poll();
  expect(await stored(id)).toMatchObject(back);
  await tell(id, { state: "logout", reason: "logged_out", since: at(-3_500 * SECONDS) });
  expect(await bells(id)).toHaveLength(1);
});

test("an answer does not overwrite a report that came while it was on its way", async () => {
  const { id } = await paired();
  clock.advance(SECONDS);
  shows(id, retry(5));
  gateway.onAsk = async () => tellNext(id, open);
  await poll(0);
  expect(await stored(id)).toMatchObject({ state: "open" });
  expect(await bells(id)).toEqual([]);
});

test("a session that the gateway knows no more, or that gets nowhere, rings in the end", async () => {
  const forgotten = await paired();
  const stuck = await paired();
  gateway.sessions = [];
  for (let n = 0; n < 10; n++) {
    shows(stuck.id, { state: "connecting", attempt: 1 });
    await poll(60 * SECONDS);
    expect(await bells(forgotten.id)).toHaveLength(n < 3 ? 0 : 1);
    expect(await bells(stuck.id)).toEqual([]);
  }
  await poll(60 * SECONDS);
  expect(await bells(stuck.id)).toHaveLength(1);
});

test("what changes is logged and told to the console, what stays is not", async () => {
  const { id } = await paired();
  const events = () =>
    world.people.db.inBusiness(id, ({ trx }) => trx("events").where("name", "whatsapp_status"));
  const before = (await events()).length;
  world.people.logged.length = 0;
  const lost = { ...retry(0), since: at(SECONDS) };
  await tellNext(id, lost);
  shows(id, lost);
  await poll();
  await tell(id, lost);
  expect(await events()).toHaveLength(before + 1);
  const lines = world.people.logged.filter(({ biz, level }) => biz === id && level === "info");
  expect(lines.map(({ msg }) => msg)).toEqual(["[WA] connection update: state=close, reason=none"]);
});
