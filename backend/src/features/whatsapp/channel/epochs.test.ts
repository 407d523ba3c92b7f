import { expect, test } from "vitest";
import { open, useTestChannel } from "../../../../test/channel.ts";

const world = useTestChannel();
const { at, gateway, paired, poll, shows, stored, tell } = world;

async function leased(epoch: number) {
  const business = await paired();
  const { id: business_id } = business;
  const expires_at = at(60_000);
  await world.people.db.inBusiness(business_id, ({ trx }) =>
    trx("gateway_leases").insert({
      business_id,
      gateway_id: "x",
      url: "http://x",
      epoch,
      expires_at,
    }),
  );
  return business;
}

test("what a gateway that lost its lease tells does not touch what its successor told", async () => {
  const { id } = await leased(12);
  await tell(id, { ...open, epoch: 12 });
  await tell(id, { state: "close", reason: "replaced", since: at(5000), epoch: 11 });
  expect(await stored(id)).toMatchObject({ state: "open", reason: null, epoch: 12 });
});

test("nor before the successor has told anything", async () => {
  const { id } = await leased(12);
  await tell(id, { state: "close", reason: "replaced", since: at(5000), epoch: 11 });
  expect(await stored(id)).toMatchObject({ state: "open", epoch: 0 });
});

test("the successor is heard although its clock is behind", async () => {
  const { id } = await leased(12);
  await tell(id, { state: "connecting", since: at(60_000), epoch: 12 });
  await world.people.db.inBusiness(id, ({ trx }) => trx("gateway_leases").update({ epoch: 13 }));
  await tell(id, { ...open, since: at(-60_000), epoch: 13 });
  expect(await stored(id)).toMatchObject({ state: "open", epoch: 13 });
});

test("a business whose gateway is silent is not taken for one that has no session", async () => {
  const [mute, closed] = [await leased(12), await leased(12)];
  gateway.sessions = [];
  gateway.silent.add(mute.id);
  await poll();
  expect(await stored(mute.id)).toMatchObject({ state: "open", reachable: false });
  expect(await stored(closed.id)).toMatchObject({ state: "close", reachable: true });
  gateway.silent.clear();
  shows(mute.id, { ...open, epoch: 12 });
  await poll();
  expect(await stored(mute.id)).toMatchObject({ state: "open", reachable: true, epoch: 12 });
});
