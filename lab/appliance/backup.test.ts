import { execFileSync } from "node:child_process";
import { copyFile, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Contents } from "./contents.ts";
import { Appliance, BUILD_MS, whyNot } from "./engine.ts";
import { Simulated } from "./simulated.ts";

const MINUTES_MS = 60_000;
const PASSPHRASE = "three words apart";
/** All that has the data in use; the people in the simulators live on. */
const PRODUCT = ["nginx", "backend", "worker", "baileys", "backup", "postgres", "migrate"];

let appliance: Appliance;
let simulated: Simulated;
let contents: Contents;

const at = (name: string) => join(appliance.dir, name);
const docker = (...args: string[]) => appliance.must("docker", ...args);
const restore = (...args: string[]) => appliance.run("scripts/restore", ...args);
const answers = async () => (await simulated.report()).messages.map((one) => one.answered_at);
async function refused(says: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr } = await restore(...args);
  expect(stderr).toMatch(says);
  expect(code).toBe(1);
}
async function until(what: string, fits: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 2 * MINUTES_MS; !(await fits()); await sleep(500)) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
  }
}
/** When each container of the product began: nothing was stopped as long as it is the same. */
const began = async () => {
  const ids = await docker("compose", "ps", "--quiet", "nginx", "backend", "baileys");
  return docker("inspect", "--format", "{{.State.StartedAt}}", ...ids.trim().split("\n"));
};

describe.skipIf(whyNot())("backup and restore", () => {
  beforeAll(async () => {
    appliance = await Appliance.copy("agentlocator-backup");
    simulated = await Simulated.install(appliance);
    contents = new Contents(appliance);
    await simulated.link();
    await writeFile(at("passphrase"), `${PASSPHRASE}\n`);
    // As if the first night had passed without a backup: one is due.
    await docker("compose", "exec", "-T", "backup", "sh", "-c", "echo 0 >/work/since");
  }, BUILD_MS);
  afterAll(() => appliance?.remove(), 2 * MINUTES_MS);

  test(
    "while calls and messages come in: verified, for its owner alone, never over another",
    async () => {
      await simulated.load({ lanes: 1, writers: 2 });
      await until("a message is answered", async () => (await answers()).some((to) => to.length));
      const { code, stdout, stderr } = await appliance.run("scripts/backup", "--to", "busy.tar");
      await simulated.quiet();
      expect(stderr).toMatch(/The test restore has all \d+ rows/);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${at("busy.tar")}\n` });
      expect((await stat(at("busy.tar"))).mode & 0o777).toBe(0o600);
      expect((await appliance.run("scripts/backup", "--to", "busy.tar")).code).toBe(1);
    },
    4 * MINUTES_MS,
  );

  test(
    "the nightly one came by itself, and the administrators see how old it is",
    async () => {
      const nightly = async () =>
        (await readdir(at("backups"))).filter((n) => /^agent.*tar$/.test(n));
      await until("there is a backup", async () => (await nightly()).length > 0);
      const known = () => simulated.admin.get<{ newest: object | null }>("/api/admin/backups");
      await until("the console knows", async () => (await known()).newest !== null);
      expect(await known()).toMatchObject({ state: "ok", failed: null, max_age_hours: 26 });

      const once = ["backup", "/usr/local/lib/agentlocator-backup/main.sh", "once"];
      const exec = ["compose", "exec", "-T", "-e", "BACKUPS=/nowhere", ...once];
      expect((await appliance.run("docker", ...exec)).code).toBe(1);
      const error = expect.stringMatching(/can't be written/);
      expect(await known()).toMatchObject({ state: "ok", failed: { error, name: null } });
    },
    3 * MINUTES_MS,
  );

  test(
    "what can't be restored is refused before anything is touched",
    async () => {
      const running = await began();
      const tar = (...args: string[]) => execFileSync("tar", args, { cwd: appliance.dir });
      await copyFile(at("busy.tar"), at("cut.tar"));
      await truncate(at("cut.tar"), (await stat(at("cut.tar"))).size / 2);
      await refused(/damaged or cut short/, "cut.tar", "--yes");

      const manifest = JSON.parse(tar("-xOf", "busy.tar", "manifest.json").toString());
      const parts = Object.keys(manifest.parts as object);
      tar("-xf", "busy.tar", ...parts);
      const change = async (more: object) => {
        await writeFile(at("manifest.json"), JSON.stringify({ ...manifest, ...more }));
        tar("-cf", "other.tar", "manifest.json", ...parts);
      };
      await change({ product_migrations: [...manifest.product_migrations, "29990101_later"] });
      await refused(/newer than this one/, "other.tar", "--yes");
      await change({ rows: { ...manifest.rows, "public.messages": 1_000_000 } });
      await refused(/other rows/, "other.tar", "--yes");
      await change({ key_fingerprint: "00000000" });
      await refused(/APP_SECRET is another one.*(\n.*)*--without-whatsapp/, "other.tar", "--yes");
      await refused(/There is data here already/, "busy.tar");
      expect(await began()).toBe(running);
    },
    6 * MINUTES_MS,
  );

  test(
    "encrypted, onto an empty machine: the same data, and WhatsApp goes on without a scan",
    async () => {
      const recording =
        "mkdir -p /data/media/1/x && head -c 300000 /dev/urandom >/data/media/1/x/y.wav";
      await docker("compose", "exec", "-T", "backend", "sh", "-c", recording);
      await docker("compose", "stop", "nginx", "backend", "worker", "baileys");
      const before = await contents.read();
      const passphrase = ["--passphrase-file", "passphrase"];
      await appliance.must("scripts/backup", "--to", "still.gpg", ...passphrase);
      expect((await readFile(at("still.gpg"))).includes("manifest.json")).toBe(false);
      await refused(/is encrypted/, "still.gpg");
      await copyFile(at("still.gpg"), at("cut.gpg"));
      await truncate(at("cut.gpg"), (await stat(at("cut.gpg"))).size - 1);
      await refused(/damaged or cut short/, "cut.gpg", ...passphrase);

      await docker("compose", "rm", "--stop", "--force", ...PRODUCT);
      const volumes = ["postgres", "data", "whatsapp", "backup-work"];
      await docker("volume", "rm", ...volumes.map((name) => `${appliance.project}_${name}`));
      const { code, stdout, stderr } = await restore("still.gpg", ...passphrase);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toMatch(/^restored: .*\nmade: .*\ndatabase: \d+ rows: 1 businesses/);
      expect(await contents.read()).toEqual(before);

      const told = (await answers()).filter((to) => to.length).length;
      await simulated.load({ lanes: 0, writers: 1 });
      await until("somebody is answered", async () => {
        return (await answers()).filter((to) => to.length).length > told;
      });
      await simulated.quiet();
      // Nobody was answered twice, before or after.
      expect(Math.max(...(await answers()).map((to) => to.length))).toBe(1);
    },
    6 * MINUTES_MS,
  );

  test(
    "what was there comes back when the product is not well with what is restored",
    async () => {
      const env = await readFile(at(".env"), "utf8");
      const after = await contents.read();
      await writeFile(at(".env"), `${env}\nPUBLIC_BASE_URL=nowhere\n`);
      const failed = await restore("busy.tar", "--yes");
      expect(failed.stderr).toContain("Putting back what was there before");
      expect(failed.code).toBe(1);
      await writeFile(at(".env"), env);
      expect(await contents.read()).toEqual(after);
    },
    8 * MINUTES_MS,
  );
});
