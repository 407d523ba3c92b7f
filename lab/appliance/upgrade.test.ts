import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import type { Call } from "@agentlocator/contract";
import { call, type Caller } from "../e2e/caller.ts";
import { clerk } from "../e2e/clerk.ts";
import { eventually } from "../e2e/eventually.ts";
import type { TestBusiness } from "../e2e/product.ts";
import { Appliance, BUILD_MS, whyNot } from "./engine.ts";
import { whileKnocking } from "./knocking.ts";
import { replicas } from "./replica.ts";
import { Telephone } from "./telephone.ts";

const greeting = "שלום, איך אפשר לעזור?";
/** Some minutes of speech. */
const story = "היה היה פעם איש אחד שסיפר סיפור ארוך מאוד על כל מה שקרה לו בדרך. ".repeat(40);
const UPGRADE_MS = 240_000;

let appliance: Appliance;
let telephone: Telephone;
let business: TestBusiness;

const git = async (...args: string[]) => {
  const who = ["-c", "user.name=Lab", "-c", "user.email=lab@example.com"];
  return (await appliance.must("git", ...who, ...args)).trim();
};

/** A commit on top of the one that is checked out, which stays checked out; its id. */
async function commit(changes: Record<string, (text: string) => string>): Promise<string> {
  const from = await git("rev-parse", "HEAD");
  for (const [path, change] of Object.entries(changes)) {
    const file = join(appliance.dir, path);
    await writeFile(file, change(await readFile(file, "utf8").catch(() => "")));
  }
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Another version");
  const made = await git("rev-parse", "HEAD");
  await git("reset", "--quiet", "--hard", from);
  return made;
}

/** Begins scripts/upgrade; `said` is what it has told so far. */
function begin(to: string) {
  const env = { ...process.env, ...appliance.env, COMPOSE_PROJECT_NAME: appliance.project };
  const child = spawn(join(appliance.dir, "scripts/upgrade"), ["--to", to, "--yes"], {
    cwd: appliance.dir,
    env,
  });
  const upgrade = { child, said: "", ended: once(child, "close").then(([code]) => Number(code)) };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (upgrade.said += chunk.toString()));
  }
  onTestFailed(async () => {
    const logs = await appliance.run("docker", "compose", "logs", "--tail", "30", "migrate");
    process.stdout.write(upgrade.said + logs.stdout);
  });
  return upgrade;
}

const serving = async () => {
  const response = await fetch(`${appliance.address}/version`);
  return ((await response.json()) as { commit: string }).commit;
};

/** What the business sees of a call and of who called, and of its own. */
const data = async ({ line }: Caller) => {
  const { owner } = business;
  const kept = await owner.get<Call>(`/api/calls/${line.sid}`);
  const paths = [
    "/api/settings",
    "/api/users",
    `/api/contacts/${kept.contact_id}`,
    `/api/threads/${kept.thread_id}/messages`,
  ];
  return [kept, ...(await Promise.all(paths.map((path) => owner.get(path))))];
};

describe.skipIf(whyNot())("an upgrade", () => {
  beforeAll(async () => {
    appliance = await Appliance.copy("agentlocator-upgrade");
    await git("init", "--quiet", "--initial-branch", "main");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "The version before");
    telephone = await Telephone.install(appliance);
    const brain = clerk(({ items }) => {
      const last = items.at(-1);
      const asked = last?.type === "message" && last.role === "user" && last.text;
      return asked ? { say: story } : null;
    });
    business = await telephone.addBusiness({ greeting }, brain);
  }, BUILD_MS);
  afterAll(async () => {
    await telephone?.stop();
    await appliance?.remove();
  }, 120_000);

  test(
    "to a version that does not start comes back by itself",
    async () => {
      const before = await serving();
      const containers = await replicas(appliance);
      const broken = await commit({
        "backend/src/main.ts": (text) => `${text}throw new Error("broken");\n`,
      });
      const statuses = await whileKnocking(appliance.address, async () => {
        const upgrade = begin(broken);
        expect(await upgrade.ended, upgrade.said).toBe(1);
        expect(upgrade.said).toContain("the new backend did not become healthy");
        expect(upgrade.said).toContain("serves again, as before");
      });
      expect(statuses).toEqual(new Set([204]));
      expect(await serving()).toBe(before);
      expect((await replicas(appliance)).map(({ id }) => id)).toEqual(
        containers.map(({ id }) => id),
      );
      expect(await git("status", "--porcelain")).toBe("");
    },
    UPGRADE_MS,
  );

  test(
    "under a running call: it goes on undisturbed, new ones come to the new version",
    async () => {
      const [old] = await replicas(appliance);
      const proxy = await appliance.must("docker", "compose", "ps", "--quiet", "nginx");
      const earlier = call(telephone, business, { from: "+972501112222" });
      await earlier.hearsOut(greeting);
      earlier.line.hangUp();
      await earlier.stored(({ status }) => status === "completed");
      const before = await data(earlier);
      const next = await commit({
        "backend/src/db/migrations/20991231_2359_lab.ts": () =>
          `import type { Knex } from "knex";
import { forwardOnly } from "./forward-only.ts";
export const lab: Knex.Migration = {
  async up(knex) { await knex.raw("alter table contacts add column lab text"); },
  down: forwardOnly,
};\n`,
        "backend/src/db/migrations/index.ts": (text) =>
          `import { lab } from "./20991231_2359_lab.ts";\n${text.replace("const list: Record<string, Knex.Migration> = {", '$&\n  "20991231_2359_lab": lab,')}`,
        ".env.example": (text) => text.replace("=redis:8-bookworm", "=redis:8"),
        "nginx/conf/headers.conf": (text) => `${text}add_header X-Lab new always;\n`,
      });

      const caller = call(telephone, business, { from: "+972503334444" });
      await caller.hearsOut(greeting);
      const { ended_at } = await caller.line.say("opening_hours");
      const heard_from = await caller.line.hears({ since: ended_at });
      const statuses = await whileKnocking(appliance.address, async () => {
        const upgrade = begin(next);
        await eventually(
          async () => upgrade.said,
          (said) =>
            said.includes("Waiting until its calls are over") || upgrade.child.exitCode !== null,
          UPGRADE_MS,
        );
        expect(upgrade.said).toContain(" serves.\n");
        const newcomer = call(telephone, business, { from: "+972505556666" });
        await newcomer.line.hears({ timeout_ms: 40_000 });
        const now = await replicas(appliance);
        expect(
          now.map(({ calls }) => calls),
          upgrade.said,
        ).toEqual([null, 1]);
        expect(now[0]!.id).toBe(old!.id);
        expect(await serving()).toBe(next.slice(0, 12));
        newcomer.line.hangUp();
        await newcomer.stored(({ status }) => status === "completed");

        const { stream } = caller.line;
        const until = performance.now();
        const played = stream!.playback.played.filter(({ end }) => end > heard_from && end < until);
        const gaps = played.slice(1).map(({ start }, n) => start - played[n]!.end);
        // Nothing that a caller would take for the end, however busy this machine is.
        expect(Math.max(...gaps)).toBeLessThan(2_000);
        expect(until - heard_from).toBeGreaterThan(10_000);
        caller.line.hangUp();
        await caller.line.ended;
        expect(await upgrade.ended, upgrade.said).toBe(0);
      });
      expect(statuses).toEqual(new Set([204]));
      const ended: Call = await caller.stored(({ status }) => status === "completed");
      expect(ended.ledger.fallback_reason).toBeNull();
      expect(telephone.twilio.violations).toEqual([]);
      expect(telephone.openai.violations).toEqual([]);

      expect((await replicas(appliance)).map(({ id }) => id)).not.toContain(old!.id);
      expect(await appliance.must("docker", "compose", "ps", "--quiet", "nginx")).toBe(proxy);
      const page = async () => (await fetch(`${appliance.address}/login`)).headers.get("X-Lab");
      expect(await page()).toBe("new");
      await appliance.must("docker", "compose", "restart", "--timeout", "1", "nginx");
      expect(
        await eventually(
          () => page().catch(() => "away"),
          (lab) => lab !== "away",
        ),
      ).toBe("new");
      expect(await readFile(join(appliance.dir, ".env"), "utf8")).toContain(
        "REDIS_IMAGE=redis:8\n",
      );
      expect(await git("rev-parse", "HEAD")).toBe(next);
      expect(await git("symbolic-ref", "--short", "HEAD")).toBe("main");
      expect(await data(earlier)).toEqual(before);
    },
    UPGRADE_MS * 2,
  );

  test(
    "goes forward only, and over no changes made by hand",
    async () => {
      const refused = async (to: string) => {
        const upgrade = begin(to);
        expect(await upgrade.ended).toBe(1);
        return upgrade.said;
      };
      const head = await serving();
      expect(await refused("HEAD~1")).toContain("an upgrade only goes forward");
      expect(await refused("no-such")).toContain("git knows no no-such");
      const stops = "scripts/upgrade-stops";
      const later = await commit({
        "package.json": (text) => text.replace('"version": "0.1.0"', '"version": "0.3.0"'),
        [stops]: (text) => `${text}0.2.0 because of the lab\n`,
      });
      expect(await refused(later)).toContain("Upgrade to 0.2.0 first: because of the lab");
      await writeFile(join(appliance.dir, stops), "by hand");
      expect(await refused(later)).toContain("changed by hand");
      await git("checkout", "--quiet", stops);
      expect(await serving()).toBe(head);
      const again = begin("HEAD");
      expect(await again.ended).toBe(0);
      expect(again.said).toContain("runs already");
    },
    UPGRADE_MS,
  );
});
