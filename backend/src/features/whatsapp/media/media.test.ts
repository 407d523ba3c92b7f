import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectProblem } from "../../../../test/browser.ts";
import { pendingJobs } from "../../../../test/pending-jobs.ts";
import { createWhatsappWorld, twilioSid, waId } from "../../../../test/whatsapp.ts";
import type { WhatsappWorld } from "../../../../test/whatsapp.ts";
import { GatewayRefused, GatewayUnreachable } from "../channel/index.ts";
import type { MediaRow } from "./store.ts";

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2000, 7)]);
const OGG = Buffer.concat([Buffer.from("OggS"), Buffer.alloc(24), Buffer.from("OpusHead…")]);
const HTML = Buffer.from("<html><script>alert(1)</script></html>");

let twilio: Server;
let answer: { status: number; body: Buffer; type: string };
let asked: (string | undefined)[];
let world: WhatsappWorld;
let one: Awaited<ReturnType<WhatsappWorld["business"]>>;
let other: Awaited<ReturnType<WhatsappWorld["business"]>>;

beforeAll(async () => {
  twilio = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(answer.status, { "Content-Type": answer.type }).end(answer.body);
  }).listen(0, "127.0.0.1");
  await once(twilio, "listening");
  const { port } = twilio.address() as AddressInfo;
  world = await createWhatsappWorld({ TWILIO_API_BASE_URL: `http://127.0.0.1:${port}` });
  one = await world.business({ whatsapp_number: "+97236111111" });
  other = await world.business();
});
afterAll(async () => {
  await world?.close();
  twilio?.close();
});
beforeEach(() => {
  asked = [];
  answer = { status: 200, body: JPEG, type: "image/jpeg" };
});

/** Media of a message that has just come in by the gateway, with the bytes that it has of it. */
async function fromGateway(
  bytes: Buffer | null | Error,
  media: object = { mimetype: "image/jpeg" },
  more: object = {},
) {
  world.gateway.media = async () => {
    if (bytes instanceof Error) throw bytes;
    return bytes && { content_type: "text/html", body: new Response(bytes).body! };
  };
  const id = waId();
  const from = { business_id: one.id, id, from: "972501234567" };
  await world.fromGateway({ ...from, media: { ref: "a/b", ...media }, ...more });
  return rowOf(id);
}

async function fromTwilio(more: Record<string, string> = {}) {
  const sid = twilioSid();
  const params = { MessageSid: sid, From: "whatsapp:+972501234567", To: "whatsapp:+97236111111" };
  const MediaUrl0 = `${world.env.TWILIO_API_BASE_URL}/2010-04-01/Media/ME1`;
  const media = { NumMedia: "1", MediaUrl0, MediaContentType0: "image/jpeg" };
  const { status } = await world.fromTwilio("twilio", { ...params, Body: "", ...media, ...more });
  expect(status).toBe(204);
  return rowOf(sid);
}

async function rowOf(provider_msg_id: string): Promise<MediaRow & { message_id: number }> {
  const message = (await world.messages(one.id)).find(
    (found) => found.provider_msg_id === provider_msg_id,
  );
  const rows = await world.rows<MediaRow & { message_id: number }>(one.id, "media");
  return rows.find(({ message_id }) => message_id === message!.id)!;
}

const fetchIt = ({ id }: MediaRow, attempts = 1) =>
  world.run("whatsapp.media", { business_id: one.id, media_id: id } as never, attempts);
const nowOf = async ({ id, message_id }: MediaRow) => ({
  media: (await world.rows<MediaRow>(one.id, "media")).find((row) => row.id === id)!,
  message: (await world.messages(one.id)).find((message) => message.id === message_id)!,
});

describe("fetching", () => {
  test("from the gateway: stored with what it is, shown on the message, and the agent looks", async () => {
    const row = await fromGateway(JPEG, { mimetype: "text/html", file_name: "תמונה.jpg" });
    expect((await pendingJobs(world.url, "whatsapp.media")).at(-1)).toMatchObject({
      payload: { business_id: one.id, media_id: row.id },
    });
    await fetchIt(row);
    const { media, message } = await nowOf(row);
    expect(message).toMatchObject({ media_url: `/api/media/${row.id}`, error: null });
    expect(media).toMatchObject({
      storage_path: `media/${one.id}/whatsapp/${row.id}.jpg`,
      ...{ content_type: "image/jpeg", size: JPEG.length },
      sha256: createHash("sha256").update(JPEG).digest("hex"),
    });
    const path = join(world.dir, media.storage_path!);
    expect(await readFile(path)).toEqual(JPEG);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const [look] = await pendingJobs(world.url, "whatsapp.answer");
    expect(look!.payload).toMatchObject({ thread_id: message.thread_id });
    expect(look!.run_at.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test("from Twilio: with the account's credentials", async () => {
    const row = await fromTwilio();
    await fetchIt(row);
    const { message, media } = await nowOf(row);
    expect(message).toMatchObject({ message_type: "image", media_url: `/api/media/${row.id}` });
    expect(media.content_type).toBe("image/jpeg");
    const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN } = world.env;
    const basic = Buffer.from(`${TWILIO_ACCOUNT_SID}:${TWILIO_AUTH_TOKEN}`).toString("base64");
    expect(asked).toEqual([`Basic ${basic}`]);
  });

  test("each media of one message of Twilio's is a message", async () => {
    const base = `${world.env.TWILIO_API_BASE_URL}/2010-04-01/Media`;
    const before = (await world.messages(one.id)).length;
    const second = { MediaUrl1: `${base}/ME2`, MediaContentType1: "audio/ogg; codecs=opus" };
    await fromTwilio({ NumMedia: "2", Body: "שניים", ...second });
    const messages = (await world.messages(one.id)).slice(before);
    expect(messages.map(({ message_type, text }) => [message_type, text])).toEqual([
      ["image", "שניים"],
      ["audio", null],
    ]);
    expect((await world.rows<MediaRow>(one.id, "media")).at(-1)).toMatchObject({ voice: true });
  });

  test("is not done twice", async () => {
    const row = await fromGateway(OGG, { mimetype: "audio/ogg", voice: true, seconds: 4 });
    await fetchIt(row);
    world.gateway.media = () => Promise.reject(new Error("asked again"));
    await fetchIt(row);
    expect((await nowOf(row)).media).toMatchObject({ voice: true, seconds: 4 });
  });

  test.each<[string, () => Buffer | null | Error, string]>([
    ["that is gone", () => null, "קובץ המדיה כבר אינו זמין."],
    ["that is too large", () => Buffer.alloc(33 * 1024 * 1024), "קובץ המדיה גדול מדי."],
    [
      "that the gateway finds too large",
      () => new GatewayRefused(413, "too_large", "too large"),
      "קובץ המדיה גדול מדי.",
    ],
  ])("media %s is given up at once, and the message says so", async (_, bytes, words) => {
    const row = await fromGateway(bytes());
    await fetchIt(row);
    const { message, media } = await nowOf(row);
    expect(message).toMatchObject({ error: words, media_url: null });
    expect(media.error).toBe(words);
  });

  test("what may pass is tried again, and given up in the end", async () => {
    const row = await fromGateway(new GatewayUnreachable("away"));
    await expect(fetchIt(row)).rejects.toThrow("away");
    expect((await nowOf(row)).media.error).toBeNull();
    await fetchIt(row, 7);
    expect((await nowOf(row)).message.error).toBe("לא ניתן היה להביא את קובץ המדיה.");
    expect(world.logged.at(-1)).toMatchObject({ msg: "[WA-ERROR] media given up" });
  });

  test("nothing is fetched from where Twilio's media is not", async () => {
    for (const MediaUrl0 of [
      "http://169.254.169.254/latest",
      "https://evil.example/x",
      "file:///x",
    ]) {
      const row = await fromTwilio({ MediaUrl0 });
      await fetchIt(row);
      expect((await nowOf(row)).message.error, MediaUrl0).toMatch(/אינה מורשית/);
    }
    expect(asked).toEqual([]);
  });
});

describe("GET /api/media/{id}", () => {
  const stored = async (bytes: Buffer, media: object) => {
    const row = await fromGateway(bytes, media);
    await fetchIt(row);
    return `/api/media/${row.id}`;
  };

  test("gives the bytes to a session of its business, whole and in part, and to nobody else", async () => {
    const path = await stored(JPEG, { mimetype: "image/jpeg", file_name: "תמונה.jpg" });
    const whole = await one.owner.get(path);
    expect(whole.status).toBe(200);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "content-length": String(JPEG.length),
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "private, no-cache",
    });
    expect(whole.headers.get("Content-Disposition")).toMatch(/^inline;.*filename\*=UTF-8''%D7/);
    one.owner.headers.Range = "bytes=0-2";
    const part = await one.owner.get(path);
    delete one.owner.headers.Range;
    expect([part.status, part.headers.get("Content-Range")]).toEqual([
      206,
      `bytes 0-2/${JPEG.length}`,
    ]);
    expectProblem(await other.owner.get(path), 404, "not_found");
    expectProblem(await world.browser().get(path), 401, "not_signed_in");
  });

  test("whatever calls itself a picture is only downloaded when it is none", async () => {
    const path = await stored(HTML, { mimetype: "image/svg+xml", file_name: "x.html" });
    const { headers } = await one.owner.get(path);
    expect(headers.get("Content-Type")).toBe("application/octet-stream");
    expect(headers.get("Content-Disposition")).toBe('attachment; filename="x.html"');
  });

  test("is a 404 for what is not there yet, and for what its file is gone of", async () => {
    const row = await fromGateway(JPEG);
    expectProblem(await one.owner.get(`/api/media/${row.id}`), 404, "not_found");
    expectProblem(await one.owner.get("/api/media/999999"), 404, "not_found");
  });

  test("a provider gets it by a link that nobody else can make", async () => {
    const row = await fromGateway(JPEG);
    await fetchIt(row);
    const link = world.media.link(one.id, row.id);
    const response = await fetch(world.base + link);
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "image/jpeg"]);
    const forged = `${link.slice(0, -3)}abc`;
    expect((await fetch(world.base + forged)).status).toBe(404);
    expect((await fetch(world.base + world.media.link(other.id, row.id))).status).toBe(404);
    world.clock.advance(25 * 3_600_000);
    expect((await fetch(world.base + link)).status).toBe(404);
  });
});
