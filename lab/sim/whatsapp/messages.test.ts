import { proto } from "@whiskeysockets/baileys";
import { expect, test } from "vitest";
import { laboratory } from "./test-client.ts";

const lab = laboratory();
const number = "+972501111111";
const dana_number = "+972521234567";

test("text both ways, with receipts and ticks", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number, { name: "Dana" });
  const one = await lab.client().pair(business);

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
  const received = await dana.next();
  expect(received).toMatchObject({ id: "3EB0AA", text: "בוקר טוב", from: "972501111111" });
  await one.reaches("3EB0AA", 3);
  dana.reads("3EB0AA");
  await one.reaches("3EB0AA", 4);
  expect(await business.synced.next()).toMatchObject({ id: "3EB0AA", to: dana.jid });
});

test("every kind of message", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  await one.sock.sendMessage(dana.jid, { text: "במה אפשר לעזור?" }, { messageId: "3EB0BB" });
  await dana.received(1);
  const first = await dana.writes(business, { text: "יש תור?" });
  await one.upserts.find(({ key }) => key.id === first);
  const location = { latitude: 32.08, longitude: 34.78, name: "תל אביב" };
  const ids = [
    await dana.writes(business, { location }),
    await dana.writes(business, { contact: { name: "רות", phone: "+972541112222" } }),
    await dana.writes(business, { reaction: { to: "3EB0BB", emoji: "👍" } }),
    await dana.writes(business, { reply: { to: "3EB0BB", text: "לתספורת" } }),
    await dana.writes(business, { edit: { id: first, text: "יש תור היום?" } }),
    await dana.writes(business, { delete: first }),
    await dana.writes(business, { proto: { buttonsResponseMessage: {} }, type: "text" }),
  ];
  const messages = await Promise.all(
    ids.map(async (id) => (await one.upserts.find(({ key }) => key.id === id)).message!),
  );
  expect(messages[0]?.locationMessage).toMatchObject({ degreesLatitude: 32.08, name: "תל אביב" });
  expect(messages[1]?.contactMessage?.vcard).toContain("waid=972541112222");
  expect(messages[2]?.reactionMessage).toMatchObject({
    text: "👍",
    key: { id: "3EB0BB", fromMe: true, remoteJid: dana.jid },
  });
  expect(messages[3]?.extendedTextMessage).toMatchObject({
    text: "לתספורת",
    contextInfo: { stanzaId: "3EB0BB", participant: `${business.lid}@lid` },
  });
  const edited = messages[4]?.editedMessage?.message?.protocolMessage;
  expect(edited).toMatchObject({
    key: { id: first },
    editedMessage: { conversation: "יש תור היום?" },
  });
  const { REVOKE } = proto.Message.ProtocolMessage.Type;
  expect(messages[5]?.protocolMessage).toMatchObject({ type: REVOKE, key: { id: first } });
  await one.changes.find(({ key, update }) => key.id === first && update.message === null);
});

test("addresses: by number, by LID, with and without the other one", async () => {
  const business = lab.wa.phone(number);
  const one = await lab.client().pair(business);
  const expected = {
    lid: ["@lid", "@s.whatsapp.net"],
    lid_only: ["@lid", undefined],
    pn: ["@s.whatsapp.net", "@lid"],
    pn_only: ["@s.whatsapp.net", undefined],
  } as const;
  for (const [index, address] of (["lid", "lid_only", "pn", "pn_only"] as const).entries()) {
    const customer = lab.wa.customer(`+97252000000${index}`, { address });
    const id = await customer.writes(business, "שלום");
    const { key } = await one.upserts.find((message) => message.key.id === id);
    expect(key.remoteJid).toBe(customer.jid);
    expect([key.remoteJid, key.remoteJidAlt].map((jid) => jid?.slice(jid.indexOf("@")))).toEqual(
      expected[address],
    );
    await one.sock.sendMessage(key.remoteJid!, { text: "תשובה" });
    expect(await customer.next()).toMatchObject({ text: "תשובה", to: customer.jid });
  }
});

test("what the owner types on the own phone", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  const id = await business.typed(dana, "אני בדרך");
  expect(await one.upserts.find(({ key }) => key.id === id)).toMatchObject({
    key: { fromMe: true, remoteJid: dana.jid, remoteJidAlt: "972521234567@s.whatsapp.net" },
    message: { conversation: "אני בדרך" },
  });
  expect(await dana.next()).toMatchObject({ text: "אני בדרך", by_owner: true });

  const ron = lab.wa.customer("+972521111111", { address: "pn" });
  const other = await business.typed(ron, "גם אליך");
  const { key } = await one.upserts.find((message) => message.key.id === other);
  expect(key).toMatchObject({ remoteJid: ron.jid, remoteJidAlt: `${ron.lid}@lid` });
});

test("what was missed comes after the next login, unacknowledged messages again", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  await dana.sees(await dana.writes(business, "לפני"), "delivered");
  const held = await dana.writes(business, "כאילו לא מחובר", { offline: true });
  await dana.sees(await dana.writes(business, "אחרי"), "delivered");
  expect(one.upserts.items.some(({ key }) => key.id === held)).toBe(false);
  await one.end();
  const missed = await dana.writes(business, "בזמן שלא היית", { at: new Date("2026-01-02") });
  one.connect();
  for (const id of [held, missed]) {
    const message = await one.upserts.find(({ key }) => key.id === id);
    expect(message.upsert).toBe("append");
    await dana.sees(id, "delivered");
  }
  const [companion] = business.companions.values();
  await expect.poll(() => companion!.unacknowledged).toBe(0);
});

test("a message the client can't decrypt: it asks again, and gets it", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  await dana.sees(await dana.writes(business, "ראשונה"), "delivered");
  const id = await dana.writes(business, "שבורה", { undecryptable: "once" });
  await one.upserts.find(({ key, messageStubType }) => key.id === id && messageStubType === 2);
  await one.upserts.find(({ key, message }) => key.id === id && message?.conversation === "שבורה");
  await dana.sees(id, "delivered");
  const [companion] = business.companions.values();
  expect(companion!.nacks.items).toEqual([{ id, error: "500" }]);
});

test("a message that stays unreadable can be had from the owner's phone", async () => {
  const business = lab.wa.phone(number);
  business.resends_on_request = true;
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  const id = await dana.writes(business, "סודי", { undecryptable: "always" });
  const { key } = await one.upserts.find((message) => message.key.id === id);
  const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType;
  await one.sock.sendPeerDataOperationMessage({
    peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
    placeholderMessageResendRequest: [{ messageKey: key }],
  });
  await one.upserts.find(({ key: { id: same }, message }) => {
    return same === id && message?.conversation === "סודי";
  });
  expect(business.requests.items).toHaveLength(1);
});

test("receipts in any order, several in one", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number, { delivers: "by_hand" });
  const one = await lab.client().pair(business);
  const ids: [string, string] = ["3EB0E1", "3EB0E2"];
  for (const messageId of ids) await one.sock.sendMessage(dana.jid, { text: "א" }, { messageId });
  await dana.received(2);
  await Promise.all(ids.map((id) => one.upserts.find(({ key }) => key.id === id)));
  dana.reads(...ids);
  await Promise.all(ids.map((id) => one.reaches(id, 4)));
  dana.delivers(...ids);
  await one.changes.find(({ key, update }) => key.id === ids[1] && update.status === 3);
  dana.plays(ids[0]);
  await one.reaches(ids[0], 5);
});

test("a customer who can't decrypt asks again; after a restart only getMessage knows", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  dana.cannotDecrypt();
  await one.sock.sendMessage(dana.jid, { text: "אחת" });
  expect(await dana.next()).toMatchObject({ text: "אחת", retry: 1 });

  dana.delivery = "by_hand";
  dana.cannotDecrypt();
  business.acks.next({ kind: "withheld" });
  const asked: string[] = [];
  const getMessage = async ({ id }: { id?: string | null }) => {
    asked.push(id!);
    return { conversation: "שתיים" };
  };
  // The socket is gone by the time the customer asks.
  business.breaks({ kind: "mute" });
  await one.sock.sendMessage(dana.jid, { text: "שתיים" }, { messageId: "3EB0CC" });
  await business.synced.find(({ id }) => id === "3EB0CC");
  await one.end();
  one.connect({ getMessage });
  expect(await dana.next()).toMatchObject({ id: "3EB0CC", text: "שתיים", retry: 1 });
  expect(asked).toEqual(["3EB0CC"]);
});

test("who is on WhatsApp; typing; read receipts switched off", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const { sock, upserts } = await lab.client().pair(business);
  const found = await sock.onWhatsApp("+972521234567", "+972599999999");
  expect(found).toEqual([{ jid: "972521234567@s.whatsapp.net", exists: true }]);
  const id = await dana.writes(business, "שלום");
  const { key } = await upserts.find((message) => message.key.id === id);
  await sock.sendPresenceUpdate("composing", dana.jid);
  await sock.sendPresenceUpdate("available");
  await sock.sendPresenceUpdate("paused", dana.jid);
  expect(await dana.chat_states.first(2)).toEqual([
    { state: "composing", online: false },
    { state: "paused", online: true },
  ]);
  business.read_receipts = "none";
  await sock.fetchPrivacySettings(true);
  await sock.readMessages([key]);
  await sock.sendMessage(dana.jid, { text: "אחרי" });
  await dana.received(1);
  expect(dana.ticks.items.map(({ type }) => type)).toEqual(["delivered"]);
});

test("answers to messages: refused, withheld, lost, slow; strangers when restricted", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number, { delivers: "by_hand" });
  const one = await lab.client().pair(business);
  const acks: Record<string, string | undefined>[] = [];
  one.sock.ws.on("CB:ack,class:message", ({ attrs }) => acks.push(attrs));
  const send = (messageId: string) => one.sock.sendMessage(dana.jid, { text: "א" }, { messageId });

  business.acks.next({ kind: "error", code: 479 });
  await send("3EB001");
  await one.reaches("3EB001", 0);
  business.acks.next({ kind: "withheld" });
  await send("3EB002");
  business.acks.next({ kind: "lost" });
  await send("3EB003");
  business.acks.next({ kind: "slow", ms: 50 });
  await send("3EB004");
  await send("3EB005");
  await expect.poll(() => acks.map(({ id }) => id)).toEqual(["3EB001", "3EB005", "3EB004"]);
  expect(dana.messages.items.map(({ id }) => id)).toEqual(["3EB002", "3EB004", "3EB005"]);

  business.restricted = true;
  await send("3EB006");
  await one.reaches("3EB006", 0);
  expect(acks.at(-1)).toMatchObject({ id: "3EB006", error: "463" });
  expect(await one.sock.fetchAccountReachoutTimelock()).toMatchObject({ isActive: true });
  await dana.writes(business, "אני כאן");
  await send("3EB007");
  await dana.received(4);
});

test("the same id again is a duplicate", async () => {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer(dana_number);
  const one = await lab.client().pair(business);
  for (const text of ["פעם", "פעמיים"]) {
    await one.sock.sendMessage(dana.jid, { text }, { messageId: "3EB0DD" });
  }
  await one.sock.sendMessage(dana.jid, { text: "סוף" });
  await dana.received(2);
  expect(dana.duplicates).toMatchObject([{ id: "3EB0DD", text: "פעמיים" }]);
});

test("two businesses and a customer of both", async () => {
  const dana = lab.wa.customer(dana_number);
  const businesses = ["+972501111111", "+972502222222"].map((one) => lab.wa.phone(one));
  const clients = await Promise.all(businesses.map((business) => lab.client().pair(business)));
  for (const [index, business] of businesses.entries()) {
    const id = await dana.writes(business, `לעסק ${index}`);
    await clients[index]!.upserts.find(({ key }) => key.id === id);
    await clients[index]!.sock.sendMessage(dana.jid, { text: `מעסק ${index}` });
    expect(await dana.next()).toMatchObject({ from: business.number, text: `מעסק ${index}` });
  }
  expect(clients[0]!.upserts.items.some(({ message }) => message?.conversation === "לעסק 1")).toBe(
    false,
  );
});

test("other stanzas: a group's message that the client ignores, a call", async () => {
  const business = lab.wa.phone(number);
  const one = await lab.client({ shouldIgnoreJid: (jid) => jid.endsWith("@g.us") }).pair(business);
  const companion = business.companions.get(1)!;
  const from = "120363000000000001@g.us";
  const participant = "972521234567@s.whatsapp.net";
  const attrs = { from, participant, id: "3A01", t: "1795000000", type: "text" };
  business.deliver({ tag: "message", attrs, content: [] });
  expect(await companion.nacks.next()).toEqual({ id: "3A01", error: "500" });
  const call = { "call-id": "C1", "call-creator": participant };
  const offer = [{ tag: "offer", attrs: call, content: [] }];
  business.deliver({ tag: "call", attrs: { from: participant, id: "C1", t: "1" }, content: offer });
  await expect.poll(() => companion.unacknowledged).toBe(0);
  expect(one.upserts.items.some(({ key }) => key.id === "3A01")).toBe(false);
});

test("what WhatsApp would not accept is a violation", async () => {
  const business = lab.wa.phone(number);
  const { sock } = await lab.client().pair(business);
  await sock.sendNode({ tag: "surprise", attrs: {} });
  await sock.sendNode({ tag: "ack", attrs: { id: "1", class: "message", to: "1@s.whatsapp.net" } });
  await expect(
    sock.query({ tag: "iq", attrs: { type: "get", xmlns: "w:g2", to: "@s.whatsapp.net" } }),
  ).rejects.toThrow(/bad-request/);
  expect(lab.wa.violations.splice(0).map(({ reason }) => reason)).toEqual([
    "unknown stanza <surprise>",
    "ack for message 1, never sent",
    "unknown question: get w:g2 ",
  ]);
});
