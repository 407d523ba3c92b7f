import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { downloadMediaMessage, type WAMessage } from "@whiskeysockets/baileys";
import { afterEach, beforeEach, expect, test } from "vitest";
import { laboratory } from "./test-client.ts";

const lab = laboratory();
const number = "+972501111111";
let distrust: () => void;

beforeEach(() => {
  distrust = lab.wa.trusted();
});

afterEach(() => distrust());

async function pair() {
  const business = lab.wa.phone(number);
  const dana = lab.wa.customer("+972521234567");
  return { business, dana, one: await lab.client().pair(business) };
}

function download(message: WAMessage): Promise<Buffer> {
  return downloadMediaMessage(message, "buffer", {});
}

test("files from a customer: the client finds, trusts and decrypts them", async () => {
  const { business, dana, one } = await pair();
  const file = Buffer.from("a file, some bytes");
  const ids = [
    await dana.writes(business, { image: file, caption: "הנה" }),
    await dana.writes(business, { voice: file, seconds: 3 }),
    await dana.writes(business, { video: file }),
    await dana.writes(business, { audio: file }),
    await dana.writes(business, { document: file, file_name: "a.pdf" }),
    await dana.writes(business, { document: file, file_name: "b.pdf", caption: "עוד" }),
    await dana.writes(business, { sticker: file }),
  ];
  for (const id of ids) {
    const message = await one.upserts.find(({ key }) => key.id === id);
    expect(await download(message)).toEqual(file);
  }
  const first = await one.upserts.find(({ key }) => key.id === ids[0]);
  expect(first.message?.imageMessage).toMatchObject({ caption: "הנה", mimetype: "image/jpeg" });
  expect(first.message?.imageMessage?.url).toMatch(/^https:\/\/mmg\.whatsapp\.net\/v\//);
});

test("files to a customer", async () => {
  const { dana, one } = await pair();
  const document = Buffer.from("%PDF-1.7");
  const mimetype = "application/pdf";
  await one.sock.sendMessage(dana.jid, { document, mimetype, fileName: "price.pdf" });
  const received = await dana.next();
  expect(received.message.documentMessage).toMatchObject({ fileName: "price.pdf", mimetype });
  expect(await received.file()).toEqual(document);
  expect(lab.wa.media.requests).toMatchObject([{ method: "POST", status: 200 }]);
});

test("a file that is gone is asked for again", async () => {
  const { business, dana, one } = await pair();
  const id = await dana.writes(business, { image: Buffer.from("picture") });
  const message = await one.upserts.find(({ key }) => key.id === id);
  lab.wa.media.expire();
  await expect(download(message)).rejects.toThrow(/Failed to fetch/);
  expect(await download(await one.sock.updateMediaMessage(message))).toEqual(
    Buffer.from("picture"),
  );
  expect(lab.wa.media.requests.map(({ status }) => status)).toEqual([410, 200]);
});

test("a media server that fails, cuts or never ends", async () => {
  const { business, dana, one } = await pair();
  const id = await dana.writes(business, { image: Buffer.alloc(50_000, 1) });
  const message = await one.upserts.find(({ key }) => key.id === id);
  const { url } = message.message!.imageMessage!;
  lab.wa.media.faults.next({ kind: "http", status: 503 });
  await expect(download(message)).rejects.toThrow(/Failed to fetch/);
  lab.wa.media.faults.next({ kind: "cut" });
  await expect(fetch(url!).then((response) => response.arrayBuffer())).rejects.toThrow(
    /terminated/,
  );
  lab.wa.media.faults.next({ kind: "endless" });
  const response = await fetch(url!);
  const reader = response.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  await reader.cancel();
});

test("a process of its own takes it for WhatsApp by the environment alone", async () => {
  const { url } = await lab.wa.media.store("image", Buffer.from("picture"));
  const script = `const { status } = await fetch(${JSON.stringify(url)}); console.log(status)`;
  const env = { ...process.env, ...lab.wa.env };
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  expect((await run).stdout).toBe("200\n");
});
