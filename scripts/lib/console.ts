import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const SOURCES = [
  "frontend/{index.html,package.json,vite.config.ts,tsconfig.json}",
  "frontend/{src,public}/**/*",
  "backend/contract/**/*.ts",
  "package-lock.json",
];

async function hashOf(root: string): Promise<string> {
  const hash = createHash("sha256");
  const files = globSync(SOURCES, { cwd: root, withFileTypes: true }).filter((f) => f.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted()) {
    if (!path.endsWith(".test.ts")) hash.update(`${path.slice(root.length)}\0`);
    if (!path.endsWith(".test.ts")) hash.update(await readFile(path));
  }
  return hash.digest("hex");
}

/**
 * Builds the console into `frontend/dist` when its sources are not those it was last built from.
 * Throws with the build's own output when it fails; what was built before stays.
 */
export async function buildConsole(
  root: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const dist = join(root, "frontend/dist");
  const stamp = join(dist, ".built-from");
  const hash = await hashOf(root);
  if ((await readFile(stamp, "utf8").catch(() => "")) === hash) return;
  say("Building the console ...");
  const fresh = `${dist}.${process.pid}`;
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const args = [vite, "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"];
  const env = { ...process.env, NODE_ENV: "production" };
  try {
    await promisify(execFile)(process.execPath, args, {
      cwd: join(root, "frontend"),
      env,
      signal,
    });
    await writeFile(join(fresh, ".built-from"), hash);
    await rm(dist, { recursive: true, force: true });
    await rename(fresh, dist);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (signal.aborted) return;
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`The console could not be built.\n${stdout}${stderr}`, { cause: error });
  }
}
