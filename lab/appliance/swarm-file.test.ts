import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { whyNot } from "./engine.ts";
import { docker } from "./swarm.ts";

const root = resolve(import.meta.dirname, "../..");
const file = join(root, "docker-compose.swarm.yml");
const text = (path: string) => readFile(join(root, path), "utf8");

/** Of the appliance on one host, and of no use on several. */
const ONE_HOST =
  /^(ACME_|BACKUP_|GF_|PG|POSTGRES_|AGENTLOCATOR_PASSWORD|ADMIN_|TZ|BAILEYS_OUTBOUND_URL|CERTIFICATE_ADDRESS)/;

/** The services' environment, whether as values or as files. */
const names = (yaml: string) =>
  [...yaml.matchAll(/^ {6}([A-Z][A-Z0-9_]*?)(?:_FILE)?:/gm)].map(([, name]) => name!);

/** `swarm.env.example`, with a version. */
async function settings(): Promise<Record<string, string>> {
  const lines = (await text("swarm.env.example")).matchAll(/^([A-Z_0-9]+)="?([^"\n]*)"?$/gm);
  return {
    ...Object.fromEntries([...lines].map(([, name, value]) => [name, value])),
    VERSION: "1",
  };
}

test("the stack has every setting that the appliance has", async () => {
  const given = new Set(names(await text("docker-compose.swarm.yml")));
  const missing = names(await text("docker-compose.yml")).filter((name) => !given.has(name));
  expect([...new Set(missing)].filter((name) => !ONE_HOST.test(name))).toEqual([]);
});

test("every setting of the example is one of the stack's", async () => {
  const stack = await text("docker-compose.swarm.yml");
  const unknown = Object.keys(await settings()).filter((name) => !stack.includes(`\${${name}:`));
  expect(unknown).toEqual([]);
});

describe.skipIf(whyNot())("the engine", () => {
  test("understands the stack's file with the example's settings, and not without", async () => {
    const given = await settings();
    const read = await docker("stack", "config", "--compose-file", file, given);
    expect(read).toContain(`image: ${given["REGISTRY"]}/backend:1`);
    const without = { ...given, STORAGE_WHATSAPP: "" };
    await expect(docker("stack", "config", "--compose-file", file, without)).rejects.toThrow(
      /STORAGE_WHATSAPP/,
    );
  });
});
