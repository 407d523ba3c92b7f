import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { proto } from "@whiskeysockets/baileys";
import { expect, test } from "vitest";
import type { MessageKey } from "../storage/index.ts";
import type { Envelope } from "./incoming.ts";
import { voteIn } from "./votes.ts";

const self = { id: "972500000001:7@s.whatsapp.net", lid: "111111:7@lid" };
const envelope: Envelope = {
  ...{ id: "V1", remote_jid: "222222@lid", alt_jid: "972500000002@s.whatsapp.net" },
  ...{ from_me: false, push_name: null, timestamp: 1 },
};
const secret = randomBytes(32);
const poll = proto.Message.encode({
  messageContextInfo: { messageSecret: secret },
  pollCreationMessageV3: {
    name: "מתי נוח?",
    options: [{ optionName: "בוקר" }, { optionName: "ערב" }, { optionName: "לילה" }],
  },
}).finish();

/** As WhatsApp's own clients encrypt a vote. */
function vote(chosen: string[], creator: string, voter: string): proto.IMessage {
  const hmac = (key: Buffer, data: Buffer) => createHmac("sha256", key).update(data).digest();
  const use = Buffer.concat([Buffer.from(`P1${creator}${voter}Poll Vote`), Buffer.from([1])]);
  const key = hmac(hmac(Buffer.alloc(32), secret), use);
  const encIv = randomBytes(12);
  const selectedOptions = chosen.map((name) => createHash("sha256").update(name).digest());
  const cipher = createCipheriv("aes-256-gcm", key, encIv).setAAD(Buffer.from(`P1\0${voter}`));
  const encPayload = Buffer.concat([
    cipher.update(proto.Message.PollVoteMessage.encode({ selectedOptions }).finish()),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return {
    pollUpdateMessage: { pollCreationMessageKey: { id: "P1" }, vote: { encPayload, encIv } },
  };
}
const kept = (place: MessageKey) => ({
  get: async (key: MessageKey) =>
    JSON.stringify(key) === JSON.stringify(place) ? Buffer.from(poll) : undefined,
});
const ours = kept({ fromMe: true, id: "P1" });

test.each([
  ["by LIDs", "111111@lid", "222222@lid"],
  ["by numbers", "972500000001@s.whatsapp.net", "972500000002@s.whatsapp.net"],
  ["by one of each", "972500000001@s.whatsapp.net", "222222@lid"],
])("a vote in our poll names what was chosen, whoever is called %s", async (_, creator, voter) => {
  expect(await voteIn(vote(["בוקר", "לילה"], creator, voter), envelope, self, ours)).toEqual({
    ...{ type: "text", text: "🗳️ בוקר, לילה", reply_to: "P1" },
  });
});

test("a vote in the customer's own poll, and one that is taken back", async () => {
  const [lid, theirs] = ["222222@lid", kept({ fromMe: false, id: "P1", chat: "222222@lid" })];
  const own = await voteIn(vote(["ערב"], lid, lid), envelope, self, theirs);
  expect(own?.text).toBe("🗳️ ערב");
  const back = await voteIn(vote([], "111111@lid", lid), envelope, self, ours);
  expect(back?.text).toBe("🗳️ –");
});

test("what can't be read is no vote: of somebody else, in a poll that is gone, or no vote at all", async () => {
  const strange = vote(["ערב"], "111111@lid", "333333@lid");
  expect(await voteIn(strange, envelope, self, ours)).toBeNull();
  const gone = { get: async () => undefined };
  const known = vote(["ערב"], "111111@lid", "222222@lid");
  expect(await voteIn(known, envelope, self, gone)).toBeNull();
  expect(await voteIn({ conversation: "ערב" }, envelope, self, ours)).toBeNull();
});
