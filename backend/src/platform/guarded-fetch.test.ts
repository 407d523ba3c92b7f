import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGuardedFetch, GuardedFetchError } from "./guarded-fetch.ts";
import type { GuardedRequest } from "./guarded-fetch.ts";
import { isPublicAddress, publicOnlyLookup } from "./public-address.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** A real server on the loopback; gives its origin and the requests it has seen. */
async function serve(listener: RequestListener) {
  const requests: { url: string; authorization: string | undefined }[] = [];
  const server = createServer((req, res) => {
    requests.push({ url: req.url ?? "", authorization: req.headers.authorization });
    listener(req, res);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const resolved: string[] = [];
let addresses: Record<string, string[]> = {};
const guardedFetch = createGuardedFetch({
  async resolve(hostname) {
    resolved.push(hostname);
    const next = addresses[hostname]?.shift() ?? "127.0.0.1";
    return [{ address: next, family: next.includes(":") ? 6 : 4 }];
  },
});
beforeEach(() => {
  resolved.length = 0;
  addresses = {};
});

const bounds = { hosts: ["media.example.com"], max_bytes: 1000, timeout_ms: 5000 };

async function failure(wanted: Partial<GuardedRequest> & { url: string }) {
  const error = await guardedFetch({ ...bounds, ...wanted }).then(
    () => expect.fail("it was fetched"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GuardedFetchError);
  return error as GuardedFetchError;
}

describe("guarded fetch: where it goes", () => {
  it("fetches from the test origin, with its auth, and tells type and status", async () => {
    const { origin, requests } = await serve((_req, res) => {
      res.setHeader("content-type", "Audio/WAV; rate=8000");
      res.end("RIFF");
    });
    const basic_auth = { username: "AC1", password: "pass" };
    const found = await guardedFetch({
      ...bounds,
      url: `${origin}/a?b=1`,
      test_origin: origin,
      basic_auth,
    });
    expect(found).toEqual({ status: 200, content_type: "audio/wav", body: Buffer.from("RIFF") });
    expect(requests).toEqual([
      { url: "/a?b=1", authorization: `Basic ${Buffer.from("AC1:pass").toString("base64")}` },
    ]);
  });

  it("gives a status that is no success without its body", async () => {
    const { origin } = await serve((_req, res) => void res.writeHead(404).end("x".repeat(5000)));
    const found = await guardedFetch({ ...bounds, url: origin, test_origin: origin });
    expect(found).toEqual({ status: 404, content_type: "", body: Buffer.alloc(0) });
  });

  it.each([
    ["http", "http://media.example.com/a"],
    ["another scheme", "file:///etc/passwd"],
    ["data", "data:text/plain,x"],
    ["another host", "https://other.example.com/a"],
    ["a host that ends alike", "https://evilmedia.example.com/a"],
    ["a host that begins alike", "https://media.example.com.evil.test/a"],
    ["a trailing dot", "https://media.example.com./a"],
    ["another port", "https://media.example.com:8443/a"],
    ["no URL", "media.example.com/a"],
    ["nothing", ""],
  ])("refuses %s", async (_what, url) => {
    expect((await failure({ url })).reason).toBe("refused");
    expect(resolved).toEqual([]);
  });

  it("takes a suffix for the hosts below it, and for nothing else", async () => {
    const hosts = [".example.com"];
    expect((await failure({ url: "https://evilexample.com/", hosts })).message).toContain(
      "allowed",
    );
    expect((await failure({ url: "https://a.example.com/", hosts })).message).toContain(
      "not a public host",
    );
  });

  it("refuses the test origin's host on another port", async () => {
    const { origin, requests } = await serve((_req, res) => void res.end());
    const url = "http://127.0.0.1:1/";
    expect((await failure({ url, test_origin: origin })).reason).toBe("refused");
    expect(requests).toEqual([]);
  });

  it.each(["https://media.example.com@127.0.0.1/", "https://user:pass@media.example.com/"])(
    "refuses credentials in the address: %s",
    async (url) => {
      const error = await failure({ url });
      expect(error.message).toContain("credentials");
      expect(error.message).not.toMatch(/user|pass\b/);
    },
  );

  it.each([
    "127.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "127.1",
    "0",
    "169.254.169.254",
    "10.0.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[fd00::1]",
    "[fe80::1]",
    "①②⑦.⓪.⓪.①",
  ])("refuses the address %s even where the list of hosts allows it", async (host) => {
    const { hostname } = new URL(`https://${host}/`);
    const error = await failure({ url: `https://${host}/`, hosts: [hostname] });
    expect(error.message).toContain("not a public address");
  });
});

describe("guarded fetch: names that lead inside", () => {
  it("refuses a name that resolves to a private address, without connecting", async () => {
    addresses = { "media.example.com": ["10.0.0.5"] };
    const error = await failure({ url: "https://media.example.com/secret-path?token=abc" });
    expect(error.reason).toBe("refused");
    expect(error.message).toBe("media.example.com is not a public host");
  });

  it("connects to the address that it checked: one lookup for one connection", async () => {
    // 192.0.2.1 is refused too, so the public answer has to be one that nobody routes from here.
    addresses = { "media.example.com": ["198.41.0.255", "127.0.0.1"] };
    const error = await failure({ url: "https://media.example.com/", timeout_ms: 300 });
    expect(["timeout", "network"]).toContain(error.reason);
    expect(resolved).toEqual(["media.example.com"]);
    expect((await failure({ url: "https://media.example.com/" })).reason).toBe("refused");
  });

  it("refuses a name when only one of its addresses is private", async () => {
    const lookup = publicOnlyLookup(async () => [
      { address: "1.1.1.1", family: 4 },
      { address: "::1", family: 6 },
    ]);
    const error = await new Promise((done) => lookup("a.test", { all: true }, done));
    expect(error).toMatchObject({ name: "PrivateAddressError" });
  });

  it("answers a lookup for all addresses and for one", async () => {
    const both = [
      { address: "1.1.1.1", family: 4 },
      { address: "2606:4700::1", family: 6 },
    ];
    const lookup = publicOnlyLookup(async () => both);
    const all = await new Promise((done) =>
      lookup("a.test", { all: true }, (...args) => done(args)),
    );
    const one = await new Promise((done) => lookup("a.test", {}, (...args) => done(args)));
    expect([all, one]).toEqual([
      [null, both],
      [null, "1.1.1.1", 4],
    ]);
  });

  it.each([
    ["8.8.8.8", true],
    ["2606:4700:4700::1111", true],
    ["0.0.0.0", false],
    ["0.1.2.3", false],
    ["10.255.255.255", false],
    ["100.64.0.1", false],
    ["127.255.0.1", false],
    ["169.254.169.254", false],
    ["172.16.0.1", false],
    ["172.31.255.255", false],
    ["192.0.0.1", false],
    ["192.0.2.1", false],
    ["192.168.1.1", false],
    ["198.18.0.1", false],
    ["203.0.113.1", false],
    ["224.0.0.1", false],
    ["240.0.0.1", false],
    ["255.255.255.255", false],
    ["::", false],
    ["::1", false],
    ["::127.0.0.1", false],
    ["::ffff:8.8.8.8", false],
    ["64:ff9b::8.8.8.8", false],
    ["64:ff9b:1::1", false],
    ["2001::1", false],
    ["2001:db8::1", false],
    ["2002:7f00:1::", false],
    ["3fff::1", false],
    ["4000::1", false],
    ["fc00::1", false],
    ["fdff::1", false],
    ["fe80::1%eth0", false],
    ["fec0::1", false],
    ["ff02::1", false],
    ["localhost", false],
    ["", false],
  ])("%s is public: %s", (address, expected) => expect(isPublicAddress(address)).toBe(expected));
});

describe("guarded fetch: redirects", () => {
  const redirectTo =
    (location: string): RequestListener =>
    (_req, res) =>
      void res.writeHead(302, { location }).end();

  it("follows them within the test origin, relative ones too", async () => {
    const { origin, requests } = await serve((req, res) => {
      if (req.url === "/start") res.writeHead(307, { location: "/end" }).end();
      else res.end("done");
    });
    const basic_auth = { username: "a", password: "b" };
    const found = await guardedFetch({
      ...bounds,
      url: `${origin}/start`,
      test_origin: origin,
      basic_auth,
    });
    expect(found.body.toString()).toBe("done");
    expect(requests.map(({ authorization }) => authorization)).toEqual([
      expect.stringContaining("Basic"),
      expect.stringContaining("Basic"),
    ]);
  });

  it("checks where they lead: another origin, a private name, http, credentials", async () => {
    const inside = await serve((_req, res) => void res.end("secret"));
    for (const location of [
      inside.origin,
      "https://media.example.com/",
      "http://media.example.com/",
      "https://169.254.169.254/latest/meta-data/",
      "https://u:p@media.example.com/",
      "file:///etc/passwd",
      "//localhost/",
    ]) {
      const { origin } = await serve(redirectTo(location));
      expect((await failure({ url: origin, test_origin: origin })).reason, location).toBe(
        "refused",
      );
    }
    expect(inside.requests).toEqual([]);
  });

  it("gives up after three", async () => {
    const { origin, requests } = await serve(redirectTo("/again"));
    expect((await failure({ url: origin, test_origin: origin })).message).toContain("too often");
    expect(requests).toHaveLength(4);
  });
});

describe("guarded fetch: bounds", () => {
  async function from(listener: RequestListener, wanted: Partial<GuardedRequest> = {}) {
    const { origin } = await serve(listener);
    return failure({ url: `${origin}/path?token=abc`, test_origin: origin, ...wanted });
  }

  it("takes a body of exactly the bound", async () => {
    const { origin } = await serve((_req, res) => void res.end(Buffer.alloc(1000)));
    const found = await guardedFetch({ ...bounds, url: origin, test_origin: origin });
    expect(found.body).toHaveLength(1000);
  });

  it("refuses a length that is announced too large", async () => {
    const error = await from((_req, res) => void res.end(Buffer.alloc(1001)));
    expect(error.reason).toBe("too_large");
  });

  it("stops a body that never ends", async () => {
    const error = await from((_req, res) => {
      const pour = () => {
        while (res.write(Buffer.alloc(500)));
      };
      res.on("drain", pour);
      pour();
    });
    expect(error.reason).toBe("too_large");
  });

  it("refuses a compressed body instead of blowing it up", async () => {
    const bomb = gzipSync(Buffer.alloc(900_000));
    const error = await from(
      (_req, res) => void res.setHeader("content-encoding", "gzip").end(bomb),
    );
    expect(error.reason).toBe("refused");
  });

  it("ends a body that drips", async () => {
    const error = await from(
      (_req, res) => {
        const drip = setInterval(() => res.write("."), 20);
        res.on("close", () => clearInterval(drip));
      },
      { timeout_ms: 200 },
    );
    expect(error.reason).toBe("timeout");
  });

  it("ends a server that never answers, and one that redirects slowly", async () => {
    expect((await from(() => {}, { timeout_ms: 100 })).reason).toBe("timeout");
    const slow: RequestListener = (_req, res) =>
      void setTimeout(() => res.writeHead(302, { location: "/a" }).end(), 120);
    expect((await from(slow, { timeout_ms: 300 })).reason).toBe("timeout");
  });

  it("stops when the caller no longer wants it", async () => {
    const controller = new AbortController();
    const { origin } = await serve(() => controller.abort());
    const error = await failure({ url: origin, test_origin: origin, signal: controller.signal });
    expect(error.reason).toBe("network");
  });

  it("names neither path nor query nor credentials in its errors", async () => {
    const error = await from((_req, res) => void res.destroy(), {
      basic_auth: { username: "AC1", password: "very-secret" },
    });
    expect(error.reason).toBe("network");
    const shown = `${error.stack}${JSON.stringify(error)}${String(error.cause)}`;
    expect(shown).not.toMatch(/path\?|token|very-secret/);
  });
});
