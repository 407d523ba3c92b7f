import { GatewayMessageEvent } from "@agentlocator/contract";
import type { proto } from "@whiskeysockets/baileys";
import { expect, test } from "vitest";
import { envelopeOf, messageEvent, undecryptableEvent } from "./incoming.ts";

const SELF = { id: "972500000001:7@s.whatsapp.net", lid: "111000111000:7@lid" };
const OUTSIDE = {
  id: "3EB0AA",
  from: "972501234567@s.whatsapp.net",
  sender_lid: "222000222000@lid",
  notify: "Dana",
  t: "1790000000",
};
const envelope = envelopeOf(OUTSIDE, SELF)!;
const told = (message: proto.IMessage) => messageEvent(1, envelope, message);
const url = { url: "https://mmg.whatsapp.net/x", mediaKey: Buffer.alloc(32) };

test.each<[string, proto.IMessage, object]>([
  ["plain text", { conversation: "שלום" }, { type: "text", text: "שלום" }],
  [
    "a reply",
    { extendedTextMessage: { text: "yes", contextInfo: { stanzaId: "Q1" } } },
    { type: "text", text: "yes", reply_to: "Q1" },
  ],
  [
    "disappearing text",
    { ephemeralMessage: { message: { conversation: "soon gone" } } },
    { type: "text", text: "soon gone" },
  ],
  [
    "from another device of the owner",
    { deviceSentMessage: { message: { conversation: "from my phone" } } },
    { text: "from my phone" },
  ],
  [
    "a button's answer",
    { buttonsResponseMessage: { selectedDisplayText: "Yes" } },
    { type: "text", text: "Yes" },
  ],
  [
    "a list's answer",
    { listResponseMessage: { title: "Haircut" } },
    { type: "text", text: "Haircut" },
  ],
  [
    "an image, viewed once",
    { viewOnceMessageV2: { message: { imageMessage: { ...url, caption: "see" } } } },
    {
      type: "image",
      text: "see",
      media: { ref: "972501234567@s.whatsapp.net|3EB0AA", mimetype: "image/jpeg" },
    },
  ],
  [
    "a voice note",
    { audioMessage: { ...url, ptt: true, seconds: 4, mimetype: "audio/ogg; codecs=opus" } },
    { type: "audio", text: null, media: { voice: true, seconds: 4 } },
  ],
  ["an audio file", { audioMessage: { ...url, seconds: 9 } }, { media: { voice: false } }],
  ["a video", { videoMessage: { ...url, caption: "clip" } }, { type: "video", text: "clip" }],
  ["a round video", { ptvMessage: { ...url, seconds: 3 } }, { type: "video" }],
  [
    "a document with words",
    {
      documentWithCaptionMessage: {
        message: {
          documentMessage: {
            ...url,
            fileName: "bill.pdf",
            caption: "the bill",
            mimetype: "application/pdf",
            fileLength: 12345,
          },
        },
      },
    },
    {
      type: "document",
      text: "the bill",
      media: { file_name: "bill.pdf", size: 12_345, mimetype: "application/pdf" },
    },
  ],
  ["a sticker", { stickerMessage: url }, { type: "sticker", media: { mimetype: "image/webp" } }],
  [
    "a place",
    { locationMessage: { degreesLatitude: 32.1, degreesLongitude: 34.8, name: "Cafe" } },
    { type: "location", location: { latitude: 32.1, longitude: 34.8, name: "Cafe" } },
  ],
  [
    "a live place",
    { liveLocationMessage: { degreesLatitude: 1, degreesLongitude: 2, caption: "here" } },
    { type: "location", text: "here", location: { latitude: 1, longitude: 2, name: null } },
  ],
  [
    "a contact",
    {
      contactMessage: {
        displayName: "Avi",
        vcard: "BEGIN:VCARD\nitem1.TEL;waid=9725:+972 5\nEND:VCARD",
      },
    },
    { type: "contact", text: "Avi +972 5" },
  ],
  [
    "contacts",
    { contactsArrayMessage: { contacts: [{ displayName: "A" }, { displayName: "B" }] } },
    { type: "contact", text: "A\nB" },
  ],
  [
    "a reaction",
    { reactionMessage: { key: { id: "R1" }, text: "👍" } },
    { type: "reaction", text: "👍", target: "R1" },
  ],
  [
    "a reaction taken back",
    { reactionMessage: { key: { id: "R1" } } },
    { type: "reaction", text: "", target: "R1" },
  ],
  [
    "an edit",
    {
      editedMessage: {
        message: {
          protocolMessage: { type: 14, key: { id: "E1" }, editedMessage: { conversation: "six" } },
        },
      },
    },
    { type: "edit", text: "six", target: "E1" },
  ],
  [
    "an edited caption",
    {
      protocolMessage: {
        type: 14,
        key: { id: "E1" },
        editedMessage: { imageMessage: { caption: "now" } },
      },
    },
    { type: "edit", text: "now", media: null },
  ],
  [
    "a delete",
    { protocolMessage: { type: 0, key: { id: "D1" } } },
    { type: "delete", target: "D1", text: null },
  ],
  [
    "a poll",
    {
      pollCreationMessageV3: {
        name: "When?",
        options: [{ optionName: "Now" }, { optionName: "" }],
      },
    },
    { type: "text", text: "📊 When?\n• Now\n• " },
  ],
  [
    "a poll in its wrapper",
    { pollCreationMessageV4: { message: { pollCreationMessage: { name: "Who?" } } } },
    { type: "text", text: "📊 Who?" },
  ],
  [
    "a vote that can't be read",
    { pollUpdateMessage: { pollCreationMessageKey: { id: "P1" } } },
    { type: "unsupported", text: null, reply_to: "P1" },
  ],
  ["something new", { requestPhoneNumberMessage: {} }, { type: "unsupported", text: null }],
])("%s", (_, message, expected) => {
  const event = told(message);
  expect(event).toMatchObject(expected);
  expect(GatewayMessageEvent.parse(event)).toEqual(event);
});

test.each<[string, proto.IMessage]>([
  ["history", { protocolMessage: { type: 5 } }],
  ["an app state key", { protocolMessage: { type: 6 } }],
  ["a disappearing setting", { protocolMessage: { type: 3, ephemeralExpiration: 5 } }],
  ["a group's key", { senderKeyDistributionMessage: { groupId: "x" } }],
  ["an album's cover", { albumMessage: {}, messageContextInfo: {} }],
  ["nothing", {}],
])("%s is not a message to a person", (_, message) => {
  expect(told(message)).toBeNull();
});

test("what is too long for the contract is cut, not lost", () => {
  const name = "n".repeat(1000);
  const event = told({ documentMessage: { ...url, fileName: name, caption: "c".repeat(200_000) } });
  expect(() => GatewayMessageEvent.parse(event)).not.toThrow();
});

test.each<[string, Record<string, string>, object]>([
  [
    "by phone, with the LID beside it",
    OUTSIDE,
    { remote_jid: "972501234567@s.whatsapp.net", alt_jid: "222000222000@lid", from_me: false },
  ],
  [
    "by LID, with the phone beside it",
    { ...OUTSIDE, from: "222000222000:3@lid", sender_pn: "972501234567@s.whatsapp.net" },
    { remote_jid: "222000222000@lid", alt_jid: "972501234567@s.whatsapp.net" },
  ],
  [
    "typed on the owner's phone",
    {
      id: "X",
      t: "1",
      from: "972500000001@s.whatsapp.net",
      recipient: "972501234567@s.whatsapp.net",
      peer_recipient_lid: "222000222000@lid",
      sender_lid: "111000111000@lid",
      notify: "Owner",
    },
    {
      remote_jid: "972501234567@s.whatsapp.net",
      alt_jid: "222000222000@lid",
      from_me: true,
      push_name: null,
    },
  ],
  [
    "the same under LIDs",
    { id: "X", t: "1", from: "111000111000:2@lid", recipient: "222000222000@lid" },
    { remote_jid: "222000222000@lid", from_me: true },
  ],
])("an envelope %s", (_, attrs, expected) => {
  expect(envelopeOf(attrs, SELF)).toMatchObject(expected);
});

test.each<[string, Record<string, string>]>([
  ["a group", { ...OUTSIDE, from: "123-456@g.us", participant: "972501234567@s.whatsapp.net" }],
  ["a status", { ...OUTSIDE, from: "status@broadcast", participant: "9725@s.whatsapp.net" }],
  ["a newsletter", { ...OUTSIDE, from: "1203@newsletter" }],
  ["the phone to its own device", { id: "X", from: "972500000001@s.whatsapp.net", t: "1" }],
  ["no id", { from: "972501234567@s.whatsapp.net" }],
])("%s is not a chat with a person", (_, attrs) => {
  expect(envelopeOf(attrs, SELF)).toBeNull();
});

test("both addresses are told, and an unreadable message is a message", () => {
  const event = undecryptableEvent(4, envelope);
  expect(event).toMatchObject({
    business_id: 4,
    from: "972501234567",
    lid: "222000222000@lid",
    type: "undecryptable",
    timestamp: 1_790_000_000,
  });
  expect(GatewayMessageEvent.parse(event)).toEqual(event);
});

test("only the LID is known", () => {
  const only = envelopeOf({ id: "X", from: "222000222000@lid", t: "1" }, SELF)!;
  expect(undecryptableEvent(1, only)).toMatchObject({ from: "", lid: "222000222000@lid" });
});
