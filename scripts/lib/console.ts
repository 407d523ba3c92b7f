import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const SOURCES = [
  "frontend/*",
  "frontend/{src,public}/**/*",
  "backend/contract/**/*.ts",
  "backend/openapi.json",
  "package-lock.json",
];
/** Made by the build itself, or not part of it. */
const NOT_SOURCES = /\.test\.ts$|^frontend\/src\/api\/generated\//;

async function hashOf(root: string): Promise<string> {
  const hash = createHash("sha256");
  const files = globSync(SOURCES, { cwd: root, withFileTypes: true }).filter((f) => f.isFile());
  const paths = files.map((file) => relative(root, join(file.parentPath, file.name)));
  for (const path of paths.toSorted().filter((each) => !NOT_SOURCES.test(each))) {
    hash.update(`${path}\0`).update(await readFile(join(root, path)));
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
  const vite = ["--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"];
  const args = ["run", "--silent", "build", "--", ...vite];
  const env = { ...process.env, NODE_ENV: "production" };
  try {
    await promisify(execFile)("npm", args, {
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
