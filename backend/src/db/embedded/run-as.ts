import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";

/** Whom a database process runs as, and the command that its own command is put behind. */
export interface RunAs {
  /** Absent: the user of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly prefix: readonly string[];
}

const SYSTEM_USER = "agentlocator";

function idOf(flag: "-u" | "-g"): number | undefined {
  const result = spawnSync("id", [flag, SYSTEM_USER], { encoding: "utf8" });
  return result.status === 0 ? Number(result.stdout) : undefined;
}

function systemUser(): { uid: number; gid: number } {
  if (idOf("-u") === undefined) {
    const home = ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"];
    try {
      const args = ["--system", "--user-group", "--no-create-home", ...home, SYSTEM_USER];
      execFileSync("useradd", args, { stdio: "pipe" });
    } catch (error) {
      throw new Error(
        "PostgreSQL does not run as root, and the system user " +
          `"${SYSTEM_USER}" could not be created for it. Create it, start as an ordinary user, ` +
          "or set DATABASE_URL.",
        { cause: error },
      );
    }
  }
  return { uid: idOf("-u") ?? 0, gid: idOf("-g") ?? 0 };
}

function existingOwner(cluster: string): { uid: number; gid: number } | undefined {
  const found = statSync(cluster, { throwIfNoEntry: false });
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined;
}

/**
 * PostgreSQL refuses to run as root. Started by root it runs as the owner of the data when there
 * is some, else as a system user of its own; started by anybody else, as that user.
 *
 * That user must reach the programs and the data. Below a private directory such as `/root` it
 * gets the one capability that lets it pass, rather than the directory being opened to everybody.
 * `program` and `directory` are what must be reachable; `cluster` is the data, if it exists.
 */
export function chooseRunAs(program: string, directory: string, cluster: string): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = existingOwner(cluster) ?? systemUser();
  const base = ["setpriv", `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
  const passing = (capability: string) => [
    ...base,
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    // access(2), which PostgreSQL asks about its own programs, drops capabilities without this.
    "--securebits=+no_setuid_fixup",
  ];
  const ways = [base, passing("dac_read_search"), passing("dac_override")];
  const probe = ["sh", "-c", '"$1" --version && cd "$2"', "sh", program, directory];
  for (const prefix of ways) {
    const [command = "", ...args] = [...prefix, ...probe];
    if (spawnSync(command, args, { stdio: "ignore" }).status === 0) return { owner, prefix };
  }
  throw new Error(
    `PostgreSQL does not run as root, and user ${owner.uid} can't reach ${program} and ` +
      `${directory}. Put the project in a directory that others may enter, start as an ordinary ` +
      "user, or set DATABASE_URL.",
  );
}
