import { randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";

/** The secret kept in `file`; 64 random hex digits, readable by its owner alone, at the first use. */
export async function keptSecret(file: string): Promise<string> {
  const kept = async () => (await readFile(file, "utf8").catch(() => "")).trim();
  const known = await kept();
  if (known) return known;
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  // Linked under its name only when whole: what it has signed must not be lost to a half write.
  await rm(file, { force: true });
  await link(fresh, file);
  await rm(fresh);
  return kept();
}
