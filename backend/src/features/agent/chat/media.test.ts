import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { receptionist } from "../../../../../lab/sim/openai/index.ts";
import { phrase } from "../../../../../lab/speech/library.ts";
import { mulawWav } from "../../../../../lab/speech/wav.ts";
import { createChatWorld, type ChatCustomer, type ChatWorld } from "../../../../test/chat.ts";

const HOURS = "אנחנו פתוחים מתשע בבוקר עד חמש אחר הצהריים";
const OGG = "audio/ogg; codecs=opus";
const JPEG = Buffer.from("/9j/4AAQ", "base64");

let world: ChatWorld;
let business: Awaited<ReturnType<ChatWorld["open"]>>;
let customer: ChatCustomer;

beforeAll(async () => {
  world = await createChatWorld();
  business = await world.open();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.openai.brain = receptionist;
  world.openai.requests.length = 0;
  customer = await world.customer(business);
});
afterEach(() => {
  world.openai.everyRequest("/transcriptions", null);
  expect(world.openai.violations).toEqual([]);
});

const texts = async () => {
  const messages = await customer.rows<{ direction: string; text: string | null }>("messages");
  return messages.filter(({ direction }) => direction === "in").map(({ text }) => text);
};
const lastAsked = () =>
  world
    .asked()
    .at(-1)!
    .input.findLast(({ role }) => role === "user")?.content;
const transcriptions = () =>
  world.openai.requests.filter(({ path }) => path.endsWith("/transcriptions"));

describe("a voice note", () => {
  test("is written down, shown as the message's text, and answered", async () => {
    const { audio, text } = phrase("opening_hours");
    const note = await customer.writes(null, { message_type: "audio" });
    await customer.attach(note, "audio/wav", Buffer.from(mulawWav(audio)));
    await customer.look();
    expect(await texts()).toEqual([text]);
    expect(lastAsked()).toBe(`[voice message] ${text}`);
    expect(await customer.answers()).toEqual([HOURS]);
    expect(transcriptions()[0]!.body).toMatchObject({ model: "gpt-transcribe", language: "he" });
  });

  test("in Opus, which confirms an appointment, books it", async () => {
    world.openai.knowSound(Buffer.from("OggS yes"), "כן, מאשר");
    await customer.writes("יש תור פנוי?");
    await customer.look();
    const note = await customer.writes(null, { message_type: "audio" });
    await customer.attach(note, OGG, Buffer.from("OggS yes"));
    await customer.look();
    expect(await customer.appointments()).toHaveLength(1);
  });

  test("is waited for until it is here, but not for ever", async () => {
    const note = await customer.writes(null, { message_type: "audio" });
    await customer.attach(note, OGG, null);
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    const wait = (await customer.looksAgain())!.getTime() - world.clock.now();
    expect(wait).toBeGreaterThan(50_000);
    world.clock.advance(wait + 1000);
    await customer.look();
    expect(lastAsked()).toBe("[voice message, not understood]");
    expect(await customer.answers()).toHaveLength(1);
  });

  test("that can't be understood is told to the model as that", async () => {
    const note = await customer.writes(null, { message_type: "audio" });
    await customer.attach(note, "audio/amr", Buffer.from("#!AMR"));
    await customer.look();
    expect(lastAsked()).toBe("[voice message, not understood]");
    expect(transcriptions()).toEqual([]);
    const silent = await customer.writes(null, { message_type: "audio" });
    await customer.attach(silent, OGG, Buffer.from("OggS silence"));
    await customer.look();
    expect(await customer.answers()).toHaveLength(2);
  });

  test("is answered later when it can't be written down now, and written down once", async () => {
    world.openai.knowSound(Buffer.from("OggS hours"), "מה שעות הפתיחה?");
    const note = await customer.writes(null, { message_type: "audio" });
    await customer.attach(note, OGG, Buffer.from("OggS hours"));
    world.openai.everyRequest("/transcriptions", { kind: "http", status: 500 });
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    expect(await customer.looksAgain()).not.toBeNull();
    world.openai.everyRequest("/transcriptions", null);
    world.openai.nextRequest("/responses", { kind: "http", status: 500 });
    await customer.look();
    await customer.look();
    expect(await customer.answers()).toEqual([HOURS]);
    expect(transcriptions()).toHaveLength(2);
  });
});

describe("a picture", () => {
  test("is shown to the model with its caption, also when it is asked about later", async () => {
    const picture = await customer.writes("זה מה שיש לי", { message_type: "image" });
    await customer.attach(picture, "image/jpeg", JPEG);
    await customer.look();
    const image = {
      type: "input_image",
      image_url: `data:image/jpeg;base64,${JPEG.toString("base64")}`,
      detail: "auto",
    };
    const shown = [{ type: "input_text", text: "[image] זה מה שיש לי" }, image];
    expect(lastAsked()).toEqual(shown);
    expect(await customer.answers()).toEqual(["תודה, ראיתי את התמונה."]);
    await customer.writes("מה רואים בה?");
    await customer.look();
    expect(world.asked().at(-1)!.input).toContainEqual({ role: "user", content: shown });
  });

  test("that the model can't take does not keep the customer from an answer", async () => {
    const picture = await customer.writes("מה שעות הפתיחה?", { message_type: "image" });
    await customer.attach(picture, "image/jpeg", JPEG);
    world.openai.nextRequest("/responses", { kind: "http", status: 400 });
    await customer.look();
    expect(lastAsked()).toEqual([{ type: "input_text", text: "[image] מה שעות הפתיחה?" }]);
    expect(await customer.answers()).toEqual([HOURS]);
  });

  test("is shown again when the model was away", async () => {
    const picture = await customer.writes("שלום", { message_type: "image" });
    await customer.attach(picture, "image/jpeg", JPEG);
    world.openai.nextRequest("/responses", { kind: "http", status: 500 });
    await customer.look();
    expect(await customer.answers()).toEqual([]);
    await customer.look();
    expect(await customer.answers()).toEqual(["תודה, ראיתי את התמונה."]);
  });

  test.each([
    ["of a kind that it does not know", "image/tiff", JPEG],
    ["that is too large", "image/png", Buffer.alloc(9 * 1024 * 1024)],
  ])("%s is only named", async (_, type, bytes) => {
    const picture = await customer.writes("שלום", { message_type: "image" });
    await customer.attach(picture, type, bytes);
    await customer.look();
    expect(lastAsked()).toBe("[image] שלום");
  });

  test("at most four are shown, the latest", async () => {
    for (let i = 0; i < 6; i += 1) {
      const picture = await customer.writes(null, { message_type: "image" });
      await customer.attach(picture, "image/jpeg", JPEG);
    }
    await customer.look();
    const contents = world.asked()[0]!.input.map(({ content }) => content);
    expect(contents.slice(-6).map((content) => typeof content)).toEqual([
      ...["string", "string", "object", "object", "object", "object"],
    ]);
  });
});

test("a document, a place, a contact and a sticker are named", async () => {
  const paper = await customer.writes("החשבונית", { message_type: "document" });
  await customer.attach(paper, "application/pdf", Buffer.from("%PDF"), "invoice].pdf");
  await customer.writes("הבית\nhttps://maps.google.com/?q=32.1,34.8", { message_type: "location" });
  await customer.writes("דנה +972501234567", { message_type: "contact" });
  await customer.writes(null, { message_type: "sticker" });
  await customer.look();
  const said = world.asked()[0]!.input.filter(({ role }) => role === "user");
  expect(said.map(({ content }) => content)).toEqual([
    "[document: invoice .pdf] החשבונית",
    "[location: הבית https://maps.google.com/?q=32.1,34.8]",
    "[contact: דנה +972501234567]",
    "[sticker]",
  ]);
});
