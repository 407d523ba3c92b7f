import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const scripts = join(import.meta.dirname, "../../backup");

/** Runs a function of the backup's container, as it is there. */
function bash(file: string, call: string, TZ = "Asia/Jerusalem"): string {
  const env = { ...process.env, TZ, LC_ALL: "C" };
  const script = `set -euo pipefail; . ./${file}; ${call}`;
  const options = { cwd: scripts, env, stdio: "pipe", encoding: "utf8" } as const;
  return execFileSync("bash", ["-c", script], options).trim();
}
const at = (time: string) => Date.parse(time) / 1000;

async function kept(names: string[], days: number, now: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "backups-"));
  try {
    for (const name of names) await writeFile(join(folder, name), "");
    bash("retention.sh", `expire '${folder}' ${days} ${at(now)}`);
    return (await readdir(folder)).toSorted();
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("backups older than so many days go, by the time in their name", async () => {
  const old = "agentlocator-20261101-003000-0.1.0-abc.tar";
  const younger = ["agentlocator-20261107-003000-0.1.0.tar", "agentlocator-20261120-003000-x.tar"];
  expect(await kept([old, ...younger], 14, "2026-11-20T08:00:00Z")).toEqual(younger);
  expect(await kept([old, ...younger], 30, "2026-11-20T08:00:00Z")).toEqual([old, ...younger]);
});

test("the newest one stays, however old, and so does what is not named as a backup", async () => {
  const names = [
    ".agentlocator-20200101-000000-x.tar.part",
    "agentlocator-20200101-000000-x.tar.copy",
    "agentlocator-20200202-000000-x.tar.gpg",
    "agentlocator-20209999-000000-x.tar",
    "notes.txt",
  ];
  const older = "agentlocator-20200201-000000-x.tar";
  expect(await kept([...names, older], 0, "2026-11-20T08:00:00Z")).toEqual(names);
  expect(await kept([], 14, "2026-11-20T08:00:00Z")).toEqual([]);
});

const lastDue = (time: string) => Number(bash("schedule.sh", `last_due 02:30 ${at(time)}`));

test("the last time for a backup, by the wall clock, over both changes of it", () => {
  const standard = "2026-11-20T02:30:00+02:00";
  expect(lastDue("2026-11-20T02:30:00+02:00")).toBe(at(standard));
  expect(lastDue("2026-11-21T02:29:59+02:00")).toBe(at(standard));
  expect(lastDue("2026-11-20T00:05:00+02:00")).toBe(at("2026-11-19T02:30:00+02:00"));
  // On 27 March 2026 there is no 02:30 in Israel; on 25 October 01:30 comes twice.
  expect(lastDue("2026-03-27T12:00:00+03:00")).toBe(at("2026-03-27T03:30:00+03:00"));
  expect(lastDue("2026-03-28T01:00:00+03:00")).toBe(at("2026-03-27T03:30:00+03:00"));
  expect(lastDue("2026-03-28T12:00:00+03:00")).toBe(at("2026-03-28T02:30:00+03:00"));
  expect(lastDue("2026-10-26T12:00:00+02:00")).toBe(at("2026-10-26T02:30:00+02:00"));
});

test("a backup is due when none was made since then; a failed one again after an hour", () => {
  const due = (now: string, newest: string, tried = "1970-01-01T00:00:00Z") => {
    const times = [now, newest, tried].map(at).join(" ");
    return bash("schedule.sh", `is_due 02:30 ${times} && echo due || echo not`);
  };
  const last_night = "2026-11-19T02:31:00+02:00";
  expect(due("2026-11-20T02:29:00+02:00", last_night)).toBe("not");
  expect(due("2026-11-20T02:30:00+02:00", last_night)).toBe("due");
  // The machine was off at night.
  expect(due("2026-11-20T09:00:00+02:00", last_night)).toBe("due");
  const failed = "2026-11-20T02:30:00+02:00";
  expect(due("2026-11-20T03:00:00+02:00", last_night, failed)).toBe("not");
  expect(due("2026-11-20T03:30:00+02:00", last_night, failed)).toBe("due");
  expect(due("2026-11-20T03:30:00+02:00", "2026-11-20T03:00:00+02:00", failed)).toBe("not");
});
