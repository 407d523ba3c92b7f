import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createServer as createPlain } from "node:net";
import { createServer } from "node:tls";
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { throwAwayAuthority } from "../../../../lab/sim/whatsapp/media/certificate.ts";
import { certificateEnd } from "./certificate.ts";

const { server: issued } = throwAwayAuthority(["phone.example"]);
const end = Date.parse(new X509Certificate(issued.certificate).validTo) / 1000;
const proxy = createServer({ key: issued.key, cert: issued.certificate });
const plain = createPlain((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  for (const server of [proxy, plain]) {
    server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
  }
});
afterAll(() => {
  proxy.close();
  plain.close();
});

test("the end of the certificate that is served, also of one that nobody trusts", async () => {
  expect(await certificateEnd(`https://127.0.0.1:${portOf(proxy)}`)).toBe(end);
});

test("the proxy is asked from inside, and the address when there is no TLS at the proxy", async () => {
  const nowhere = "https://phone.invalid";
  expect(await certificateEnd(nowhere, `127.0.0.1:${portOf(proxy)}`)).toBe(end);
  const address = `https://127.0.0.1:${portOf(proxy)}`;
  expect(await certificateEnd(address, `127.0.0.1:${portOf(plain)}`)).toBe(end);
});

test("nothing to be seen", async () => {
  expect(await certificateEnd("http://localhost:8080")).toBeNull();
  expect(await certificateEnd(`https://127.0.0.1:${portOf(plain)}`)).toBeNull();
});
