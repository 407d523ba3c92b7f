import { Browsers, Curve } from "@whiskeysockets/baileys";
import { verifySignature } from "libsignal/src/curve.js";
import { afterEach, expect, test } from "vitest";
import { WhatsAppSim } from "./index.ts";
import { laboratory, TestClient } from "./test-client.ts";

const lab = laboratory();
const number = "+972501111111";
const verify = Curve.verify;

afterEach(() => {
  Curve.verify = verify;
});

test("pairs by QR code, is told to restart, logs in", async () => {
  const business = lab.wa.phone(number, { name: "Salon" });
  const one = lab.client();
  one.connect();
  const companion = await business.scan(await one.qr());
  expect(await one.closed()).toMatchObject({ code: 515 });
  expect(one.creds.me).toMatchObject({ id: companion.jid, lid: companion.lid, name: "Salon" });
  one.connect();
  await one.opened();
  expect(business.online).toBe(true);
});

test("one-time keys: uploaded, used up, asked for again", async () => {
  const wa = await new WhatsAppSim().start();
  const business = wa.phone(number);
  const one = await new TestClient(wa).pair(business);
  const companion = business.companions.get(1)!;
  await companion.uploads.first(1);
  expect(companion.pre_keys.size).toBeGreaterThan(800);
  // The phone and four customers take one each.
  for (const id of [...companion.pre_keys.keys()].slice(8)) companion.pre_keys.delete(id);
  for (const last of [1, 2, 3, 4]) {
    await wa.customer(`+97252000000${last}`).writes(business, "שלום");
  }
  await companion.uploads.first(2);
  expect(companion.pre_keys.size).toBeGreaterThan(5);
  await one.end();
  await wa.stop();
  expect(wa.violations).toEqual([]);
});

test("a QR code follows the other until none is left", async () => {
  const one = lab.client({ qrTimeout: 30 });
  one.connect();
  expect(await one.closed()).toMatchObject({ code: 408, message: /refs attempts ended/ });
  const shown = one.updates.items.flatMap(({ qr }) => qr ?? []);
  expect(new Set(shown).size).toBe(6);
  await expect(lab.wa.phone(number).scan(shown[5]!)).rejects.toThrow(/no valid QR/);
});

test("the second QR code pairs too, a made-up one does not", async () => {
  const business = lab.wa.phone(number);
  await expect(business.scan("https://wa.me/x#2@made,up,by,me,1")).rejects.toThrow(/no valid QR/);
  const one = lab.client({ qrTimeout: 30 });
  one.connect();
  const { qr } = (await one.updates.first(3))[2]!;
  await business.scan(qr!);
  expect(await one.closed()).toMatchObject({ code: 515 });
});

test("pairs by code; a wrong code and an unknown platform are refused", async () => {
  const business = lab.wa.phone(number);
  await expect(business.enterCode("ABCD-1234")).rejects.toThrow(/nobody asked/);
  const one = lab.client();
  one.connect();
  await one.qr();
  const wrong = await one.sock.requestPairingCode("972501111111");
  await expect(business.enterCode(wrong === "AAAAAAAA" ? "BBBBBBBB" : "AAAAAAAA")).rejects.toThrow(
    /wrong code/,
  );
  const code = await one.sock.requestPairingCode("972501111111");
  await business.enterCode(`${code.slice(0, 4)}-${code.slice(4)}`);
  expect(await one.closed()).toMatchObject({ code: 515 });
  one.connect();
  await one.opened();

  const other = lab.client({ browser: ["AgentLocator", "Chrome", "1.0"] });
  other.connect();
  await other.qr();
  const refused = await other.sock.requestPairingCode("972501111111");
  await expect(business.enterCode(refused)).rejects.toThrow(/unknown platform/);
  expect(lab.wa.violations.splice(0)).toMatchObject([
    { reason: /unknown platform Chrome \(Agent/ },
  ]);
  expect(Browsers.windows("Chrome")).toEqual(["Windows", "Chrome", "10.0.22631"]);
});

test("an account that demands a passkey", async () => {
  const business = lab.wa.phone(number);
  business.demands_passkey = true;
  const one = lab.client();
  one.connect();
  const qr = await one.qr();
  const told = new Promise((resolve) => {
    one.sock.ws.on("CB:notification,type:passkey_prologue_request", resolve);
  });
  await expect(business.scan(qr)).rejects.toThrow(/passkey/);
  await told;
  expect(one.creds.me).toBeUndefined();
});

test("signatures are right, for a client that checks them", async () => {
  Curve.verify = (key, message, signature) =>
    verifySignature(Buffer.concat([Buffer.from([5]), key]), message, signature) === true;
  const one = lab.client();
  one.connect();
  expect(await one.closed()).toMatchObject({ message: /intermediate certificate signature/ });

  const distrust = lab.wa.trusted();
  await one.pair(lab.wa.phone(number));
  lab.wa.connections.next({ kind: "foreign_certificate" });
  one.connect();
  expect(await one.closed()).toMatchObject({ message: /intermediate certificate signature/ });
  distrust();
});

test("a simulator that was started anew takes the devices of the old one", async () => {
  const one = await lab.client().pair(lab.wa.phone(number));
  await one.end();
  const anew = await new WhatsAppSim({ trusts_unknown_devices: true }).start();
  const business = anew.phone(number);
  const dana = anew.customer("+972521234567");
  one.connect({ waWebSocketUrl: anew.url });
  await one.opened();
  const id = await dana.writes(business, "עדיין כאן?");
  await one.upserts.find(({ key }) => key.id === id);
  await one.sock.sendMessage(dana.jid, { text: "כן" });
  expect(await dana.next()).toMatchObject({ text: "כן" });
  await one.end();
  await anew.stop();
  expect(anew.violations).toEqual([]);
});

test("two devices of one account; the credentials of one connected twice", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer("+972521234567");
  const one = await lab.client().pair(business);
  const two = await lab.client().pair(business);
  const id = await dana.writes(business, "לשני המכשירים");
  await Promise.all([one, two].map(({ upserts }) => upserts.find(({ key }) => key.id === id)));
  await two.sock.sendMessage(dana.jid, { text: "מהשני" });
  await dana.received(1);
  await one.upserts.find(({ key, message }) => {
    return key.fromMe === true && message?.extendedTextMessage?.text === "מהשני";
  });

  const twin = lab.client();
  twin.creds = { ...one.creds };
  twin.connect();
  expect(await one.closed()).toMatchObject({ code: 440 });
  await twin.opened();
});
