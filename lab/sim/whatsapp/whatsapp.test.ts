import { afterEach, beforeEach, expect, test } from "vitest";
import { WhatsAppSim } from "./index.ts";
import { TestClient } from "./test-client.ts";

let wa: WhatsAppSim;
let clients: TestClient[];

beforeEach(async () => {
  wa = await new WhatsAppSim().start();
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await wa.stop();
  expect(wa.violations).toEqual([]);
});

function client(config = {}): TestClient {
  const made = new TestClient(wa, config);
  clients.push(made);
  return made;
}

test("pairs by QR code, is told to restart, logs in", async () => {
  const business = wa.phone("+972501111111", { name: "Salon" });
  const one = client();
  one.connect();
  const companion = await business.scan(await one.qr());
  expect(await one.closed()).toMatchObject({ code: 515 });
  expect(one.creds.me).toMatchObject({ id: companion.jid, lid: companion.lid, name: "Salon" });
  one.connect();
  await one.opened();
  expect(companion.pre_keys.size).toBeGreaterThan(800);
});

test("text both ways, with receipts and ticks", async () => {
  const business = wa.phone("+972501111111");
  const dana = wa.customer("+972521234567", { name: "Dana" });
  const one = await client().pair(business);

  const id = await dana.writes(business, "שלום");
  const inbound = await one.upserts.find(({ key }) => key.id === id);
  expect(inbound).toMatchObject({
    message: { conversation: "שלום" },
    key: { remoteJid: dana.jid, remoteJidAlt: "972521234567@s.whatsapp.net", fromMe: false },
    pushName: "Dana",
    upsert: "notify",
  });
  await dana.sees(id, "delivered");
  await one.sock.readMessages([inbound.key]);
  await dana.sees(id, "read");

  await one.sock.sendMessage(dana.jid, { text: "בוקר טוב" }, { messageId: "3EB0AA" });
  const [received] = await dana.received(1);
  expect(received).toMatchObject({ id: "3EB0AA", text: "בוקר טוב", from: "972501111111" });
  await one.reaches("3EB0AA", 3);
  dana.reads("3EB0AA");
  await one.reaches("3EB0AA", 4);
});

const endings = [
  [{ kind: "failure", reason: 401 }, 401],
  [{ kind: "failure", reason: 402 }, 402],
  [{ kind: "failure", reason: 403 }, 403],
  [{ kind: "failure", reason: 405 }, 405],
  [{ kind: "failure", reason: 406 }, 406],
  [{ kind: "failure", reason: 409 }, 409],
  [{ kind: "failure", reason: 500 }, 500],
  [{ kind: "failure", reason: 503 }, 503],
  [{ kind: "stream_error", code: 503 }, 503],
  [{ kind: "stream_error", code: 515 }, 515],
  [{ kind: "replaced" }, 440],
  [{ kind: "stream_end" }, 428],
  [{ kind: "drop" }, 428],
] as const;

test("breaks in every way, and the client knows which", async () => {
  const business = wa.phone("+972501111111");
  const one = await client().pair(business);
  for (const [how, code] of endings) {
    business.breaks(how);
    expect({ how, ...(await one.closed()) }).toMatchObject({ how, code });
    one.connect();
    await one.opened();
  }
  business.logins.next({ kind: "failure", reason: 403 });
  business.breaks({ kind: "drop" });
  one.connect();
  expect(await one.closed()).toMatchObject({ code: 403 });
});

test("a device removed on the phone, and its credentials afterwards", async () => {
  const business = wa.phone("+972501111111");
  const one = await client().pair(business);
  business.logoutDevice();
  expect(await one.closed()).toMatchObject({ code: 401, message: /conflict/ });
  one.connect();
  expect(await one.closed()).toMatchObject({ code: 401 });
});
