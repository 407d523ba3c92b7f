import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMediaFetch } from "./media.ts";

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url!);
  response.writeHead(200, { "Content-Type": "image/png" }).end("bytes");
});
let backend: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  backend = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

test("the backend's media is fetched where the backend is, whatever its public name", async () => {
  const fetchMedia = createMediaFetch(backend, 5000);
  const path = "/static/media/signed.token";
  for (const origin of ["https://phone.example", "http://localhost:1", backend]) {
    const { bytes, mimetype } = await fetchMedia(origin + path, "image");
    expect([bytes.toString(), mimetype]).toEqual(["bytes", "image/png"]);
  }
  expect(asked).toEqual([path, path, path]);
});

test("another address that is not public is refused", async () => {
  const elsewhere = createMediaFetch("https://backend.example", 5000);
  await expect(elsewhere(`${backend}/x.png`, "image")).rejects.toMatchObject({ reason: "refused" });
  const unknown = createMediaFetch(undefined, 5000);
  const own = unknown(`${backend}/static/media/x`, "image");
  await expect(own).rejects.toMatchObject({ reason: "refused" });
});
