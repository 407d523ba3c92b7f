import type { Appliance } from "./engine.ts";

/** One of the backend's containers. */
export interface Replica {
  id: string;
  /** Its main process on this machine. */
  pid: number;
  /** Calls it carries now; null when it does not serve. */
  calls: number | null;
  image: string;
}

const COUNT = `fetch("http://127.0.0.1:8080/metrics").then((r) => r.text()).then((text) =>
  console.log(/^agentlocator_calls_active (\\d+)$/m.exec(text)[1]))`;

/** The backend's containers that run, oldest first. */
export async function replicas(appliance: Appliance): Promise<Replica[]> {
  const ids = await appliance.must("docker", "compose", "ps", "--quiet", "backend");
  const all = ids
    .split("\n")
    .filter(Boolean)
    .map((id) => replica(appliance, id));
  const found = await Promise.all(all);
  return found.toSorted((a, b) => a.created.localeCompare(b.created));
}

async function replica(appliance: Appliance, id: string) {
  const format = "{{.State.Pid}} {{.Config.Image}} {{.Created}}";
  const told = await appliance.must("docker", "inspect", "--format", format, id);
  const [pid, image, created] = told.trim().split(" ") as [string, string, string];
  const { code, stdout } = await appliance.run("docker", "exec", id, "node", "-e", COUNT);
  return { id, pid: Number(pid), image, created, calls: code === 0 ? Number(stdout) : null };
}

/** For each log line of the backends with `words`: which container wrote it, and about which call. */
export async function whoSaid(appliance: Appliance, words: string) {
  const log = await appliance.must("docker", "compose", "logs", "--no-color", "backend");
  const found = new Map<string, string>();
  for (const line of log.split("\n").filter((text) => text.includes(words))) {
    const [, container, call_sid] = /^(\S+)\s+\|.*"call_sid":"(\w+)"/.exec(line) ?? [];
    if (container && call_sid) found.set(call_sid, container);
  }
  return found;
}
