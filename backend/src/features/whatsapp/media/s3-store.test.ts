import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openMediaStore } from "./media-store.ts";

const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "the secret" };

/** A storage that takes only what is signed with the keys, and keeps it. */
const objects = new Map<string, Buffer>();
let server: Server;
let endpoint: string;
let fail_once = false;
let data_dir: string;

beforeAll(async () => {
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-s3-"));
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url!;
    const given = request.headers;
    const signer = new AwsV4Signer({
      ...KEYS,
      ...{ service: "s3", region: "il-1", method: request.method!, url: endpoint + path },
      headers: { "X-Amz-Content-Sha256": given["x-amz-content-sha256"] as string },
      datetime: given["x-amz-date"] as string,
    });
    const { headers } = await signer.sign();
    if (fail_once) {
      fail_once = false;
      response.writeHead(503).end();
    } else if (headers.get("Authorization") !== given.authorization) {
      response.writeHead(403).end();
    } else if (request.method === "PUT") {
      objects.set(path, body);
      response.writeHead(200).end();
    } else if (request.method === "DELETE") {
      objects.delete(path);
      response.writeHead(204).end();
    } else {
      const found = objects.get(path);
      response.writeHead(found ? 200 : 404).end(found);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(data_dir, { recursive: true, force: true });
});

const settings = (secret = KEYS.secretAccessKey) => ({
  DATA_DIR: data_dir,
  S3_ENDPOINT: endpoint,
  S3_BUCKET: "bucket",
  S3_REGION: "il-1",
  S3_ACCESS_KEY_ID: KEYS.accessKeyId,
  S3_SECRET_ACCESS_KEY: secret,
});
const BYTES = Buffer.from([0, 1, 2, 255]);

test("media goes to the bucket and comes back, also past a moment's failure", async () => {
  const store = openMediaStore(settings());
  fail_once = true;
  const path = await store.save(7, "1.jpg", BYTES);
  expect(path).toBe("s3://bucket/media/7/whatsapp/1.jpg");
  expect([...objects.keys()]).toEqual(["/bucket/media/7/whatsapp/1.jpg"]);
  expect(await store.read(path)).toEqual(BYTES);
  expect(await store.open(path)).toEqual(BYTES);
  await store.remove(path);
  await store.remove(path);
  expect(objects.size).toBe(0);
});

test("what is gone is not there, and wrong keys say so without telling them", async () => {
  const store = openMediaStore(settings());
  await expect(store.read("s3://bucket/media/7/whatsapp/0.jpg")).rejects.toMatchObject({
    code: "ENOENT",
  });
  const stranger = openMediaStore(settings("another"));
  await expect(stranger.save(7, "2.jpg", BYTES)).rejects.toThrow(
    /^the media storage answered 403$/,
  );
});

test("what was kept as a file before is found there", async () => {
  const files = openMediaStore({ DATA_DIR: data_dir });
  const path = await files.save(7, "3.jpg", BYTES);
  expect(path).toBe("media/7/whatsapp/3.jpg");
  expect(await openMediaStore(settings()).read(path)).toEqual(BYTES);
  await expect(files.read("s3://bucket/media/7/whatsapp/1.jpg")).rejects.toThrow(/not configured/);
});
