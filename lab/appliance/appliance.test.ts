import { readFile, stat } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverCertificate } from "../sim/whatsapp/media/certificate.ts";
import { Appliance, BUILD_MS, whyNot } from "./engine.ts";

const reason = whyNot();
if (reason) process.stdout.write(`The appliance is not tried: ${reason}.\n`);

const SERVICES = ["nginx", "backend", "baileys", "postgres", "redis"];
let appliance: Appliance;
let printed: string;

const settings = async () =>
  Object.fromEntries(
    (await readFile(join(appliance.dir, ".env"), "utf8"))
      .split("\n")
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
const SECRETS = [
  "APP_SECRET",
  "BAILEYS_WEBHOOK_SECRET",
  "POSTGRES_PASSWORD",
  "POSTGRES_SUPERUSER_PASSWORD",
  "GRAFANA_PASSWORD",
];

interface Session {
  cookie: string;
  csrf: string;
}

/** A request to the appliance; its certificate is nobody's. */
function ask(path: string, method = "GET", body?: object, session?: Session) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; first: string }>(
    (resolve, reject) => {
      const headers = {
        ...(body && { "Content-Type": "application/json" }),
        ...(session && { Cookie: session.cookie, "X-CSRF-Token": session.csrf }),
        "Accept-Encoding": "gzip",
        "X-Forwarded-For": "203.0.113.7",
      };
      const asked = request(`${appliance.address}${path}`, {
        ...{ method, headers, rejectUnauthorized: false, agent: false },
      });
      asked.on("error", reject);
      asked.on("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        response.once("error", () => undefined);
        response.once("close", () => resolve({ status, headers, first: "" }));
        // The first piece is enough, and a stream of events has no last one.
        response.once("data", (chunk: Buffer) => {
          resolve({ status, headers, first: chunk.toString() });
          asked.destroy();
        });
      });
      asked.end(body && JSON.stringify(body));
    },
  );
}

describe.skipIf(reason)("the appliance", () => {
  beforeAll(async () => {
    appliance = await Appliance.copy();
    printed = await appliance.install();
  }, BUILD_MS);
  afterAll(() => appliance?.remove(), 120_000);

  test("is up when scripts/install ends, and says how to go on", async () => {
    const lines = printed.trim().split("\n");
    expect(lines[0]).toBe(`address: ${appliance.address}`);
    expect(lines[1]).toMatch(new RegExp(`^setup: ${appliance.address}/setup\\?token=[\\w-]{20,}$`));
    expect((await stat(join(appliance.dir, ".env"))).mode & 0o777).toBe(0o600);
    const values = await settings();
    expect(new Set(SECRETS.map((name) => values[name])).size).toBe(SECRETS.length);
    for (const name of SECRETS) expect(values[name], name).toMatch(/^[0-9a-f]{64}$/);
  });

  test("passes its smoke test", async () => {
    const { code, stdout } = await appliance.run("scripts/smoke", appliance.address, "--insecure");
    expect(stdout).toContain("all passed");
    expect(code).toBe(0);
    const strict = await appliance.run("scripts/smoke", appliance.address);
    expect(strict.stdout).toContain("self-signed certificate");
    expect(strict.code).toBe(1);
  });

  test("is found well by the doctor, who tells no secret", async () => {
    const { code, stdout, stderr } = await appliance.run("scripts/doctor");
    expect(stdout).toContain("nothing is wrong");
    expect(code).toBe(0);
    const values = await settings();
    for (const name of SECRETS) expect(stdout + stderr, name).not.toContain(values[name]);
  });

  test.each(SERVICES)("%s has no rights it does not need", async (service) => {
    const { Config, HostConfig, NetworkSettings } = await appliance.inspect(service);
    expect(Config.User).toMatch(/^(?!root|0)\w+/);
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      CapAdd: null,
      SecurityOpt: ["no-new-privileges:true"],
      RestartPolicy: { Name: "always" },
      LogConfig: { Config: { "max-size": "10m", "max-file": "5" } },
    });
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(HostConfig.PidsLimit).toBeGreaterThan(0);
    const published = Object.values(NetworkSettings.Ports).filter(Boolean);
    expect(published).toHaveLength(service === "nginx" ? 2 : 0);
  });

  test("the database's role is bound by row level security", async () => {
    const query = "select rolsuper or rolbypassrls from pg_roles where rolname = 'agentlocator'";
    const psql = ["psql", "-qtAU", "postgres", "-c", query];
    expect(await appliance.must("docker", "compose", "exec", "-T", "postgres", ...psql)).toBe(
      "f\n",
    );
  });

  test("libsignal is in the gateway's image alone", async () => {
    const find = async (service: string) => {
      const args = ["compose", "exec", "-T", service, "find", "/app/node_modules", "-name"];
      return appliance.must("docker", ...args, "libsignal", "-prune");
    };
    expect(await find("backend")).toBe("");
    expect(await find("baileys")).toContain("libsignal");
  });

  test("the first administrator is made through the proxy; live events are not held back", async () => {
    const [, token] = /token=([\w-]+)/.exec(printed)!;
    const email = "admin@example.com";
    const answer = await ask("/api/setup", "POST", {
      ...{ token, email, password: "correct horse battery", name: "Admin" },
    });
    expect(answer.first).toContain(email);
    expect(answer.status).toBe(201);
    const cookies = [answer.headers["set-cookie"] ?? []].flat();
    expect(cookies.find((line) => line.startsWith("al_session="))).toMatch(/Secure/i);
    const cookie = cookies.map((line) => line.split(";")[0]!).join("; ");
    const csrf = /al_csrf=([^;]+)/.exec(cookie)![1]!;
    const session = { cookie, csrf };

    const made = await ask(
      "/api/admin/businesses",
      "POST",
      {
        ...{
          name: "Clinic",
          phone_number: "+97231234567",
          timezone: "Asia/Jerusalem",
          locale: "he",
        },
        owner: { email: "owner@example.com", name: "Owner", password: "another long password" },
      },
      session,
    );
    expect(made.status, made.first).toBe(201);
    const { id } = JSON.parse(made.first) as { id: number };
    const events = await ask(`/api/events?business_id=${id}`, "GET", undefined, session);
    expect(events.status).toBe(200);
    expect(events.headers["content-type"]).toContain("text/event-stream");
    expect(events.headers["content-encoding"]).toBeUndefined();
    expect(events.first).not.toBe("");
  });

  test("a client can't say who it is", async () => {
    const psql = ["psql", "-qtAU", "postgres", "-d", "agentlocator", "-c"];
    const exec = ["compose", "exec", "-T", "postgres", ...psql, "select ip from sessions"];
    const seen = (await appliance.must("docker", ...exec)).trim();
    // The one who asks is this machine, as Docker's bridge shows it.
    expect(seen).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(seen).not.toBe("203.0.113.7");
  });

  test("while no backend answers, callers hear a word, and in the end leave a message", async () => {
    await appliance.must("docker", "compose", "stop", "backend");
    const webhook = (path: string) => ask(`/webhook/${path}`, "POST", {});
    const recorded = webhook("handle_recording");
    const rings = webhook("incoming_call");
    const cut = await webhook("stream_ended");
    expect(cut.status).toBe(200);
    expect(cut.headers["content-type"]).toContain("text/xml");
    const prompt = /<Play>(.+?)<\/Play>/.exec(cut.first)![1]!;
    expect((await ask(new URL(prompt).pathname)).headers["content-type"]).toBe("audio/wav");
    expect(cut.first).toContain(`${appliance.address}/webhook/stream_ended?away=1<`);
    const told = await webhook("stream_ended?away=1");
    expect(told.first).toContain(`${appliance.address}/webhook/stream_ended?away=2<`);
    const waited = await webhook("stream_ended?away=2");
    for (const { status, first } of [await rings, waited]) {
      expect(status).toBe(200);
      expect(first).toContain(`action="${appliance.address}/webhook/handle_recording"`);
    }
    expect((await recorded).first).toContain("<Hangup/>");
    const asked = await ask("/static/tts/fallback_he.mp3");
    expect([asked.status, asked.headers["content-type"]]).toEqual([200, "audio/mpeg"]);
    expect((await ask("/api/session")).status).toBe(503);

    const held = webhook("incoming_call");
    await appliance.must("docker", "compose", "start", "backend");
    expect((await held).status).toBe(403);
  }, 120_000);

  test("a certificate of its own that has ended is made anew", async () => {
    const day = 86_400_000;
    const ended = { from: Date.now() - 9 * day, to: Date.now() - day };
    const { key, certificate } = serverCertificate("localhost", ended);
    const write = `cd /tls/self-signed && echo '${certificate}' >fullchain.pem && echo '${key}' >privkey.pem`;
    await appliance.must("docker", "compose", "exec", "-T", "nginx", "sh", "-c", write);
    await appliance.must("docker", "compose", "restart", "nginx");
    await appliance.must("docker", "compose", "up", "--detach", "--wait", "nginx");
    const show = [
      "openssl",
      "x509",
      "-in",
      "/tmp/tls/fullchain.pem",
      "-noout",
      "-checkend",
      "86400",
    ];
    await appliance.must("docker", "compose", "exec", "-T", "nginx", ...show);
  }, 60_000);

  test("can be installed again; secrets and data stay", async () => {
    const before = await settings();
    const again = await appliance.install("--domain", "localhost");
    expect(await settings()).toEqual(before);
    expect(again).toContain("there is an administrator already");
  }, 240_000);

  test("ends in order when it is asked to", async () => {
    await appliance.must("docker", "compose", "stop");
    for (const service of SERVICES) {
      const { State } = await appliance.inspect(service);
      expect(State, service).toMatchObject({ Status: "exited", ExitCode: 0, OOMKilled: false });
    }
  }, 180_000);
});
