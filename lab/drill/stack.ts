import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Appliance, Output } from "../appliance/engine.ts";
import { CLOCK_FILE } from "./clock-file.ts";

export type Service = "nginx" | "backend" | "baileys" | "postgres" | "redis";
const SERVICES: readonly Service[] = ["nginx", "backend", "baileys", "postgres", "redis"];
export type Volume = "postgres" | "data" | "whatsapp" | "certificates";

const LOOK_MS = 250;
const KILL = "process.kill(Number(process.argv[1]), 'SIGKILL')";

/** The appliance's containers, and what can be done to them. */
export class Stack {
  readonly appliance: Appliance;

  constructor(appliance: Appliance) {
    this.appliance = appliance;
  }

  compose(...args: string[]): Promise<string> {
    return this.appliance.must("docker", "compose", ...args);
  }

  /** Like `compose`; its failure is the caller's to judge. */
  tryCompose(...args: string[]): Promise<Output> {
    return this.appliance.run("docker", "compose", ...args);
  }

  async container(service: string): Promise<string> {
    return (await this.compose("ps", "--all", "--quiet", service)).trim();
  }

  async image(service: string): Promise<string> {
    return this.#inspect(service, "{{.Config.Image}}");
  }

  /**
   * kill -9 of a container's first process, as the kernel does it for want of memory. The engine's
   * own `docker kill` would not do: what it kills is not started again.
   */
  async killHard(service: Service): Promise<void> {
    const pid = await this.#inspect(service, "{{.State.Pid}}");
    const rights = ["--pid", "host", "--privileged", "--user", "0", "--network", "none"];
    const image = await this.image("backend");
    await this.appliance.must("docker", "run", "--rm", ...rights, image, "-e", KILL, pid);
  }

  /** Resolves when every service is healthy. @throws after `timeout_ms` */
  async healthy(timeout_ms: number): Promise<void> {
    const until = Date.now() + timeout_ms;
    for (;;) {
      const states = await Promise.all(
        SERVICES.map((service) =>
          this.#inspect(service, "{{.State.Health.Status}}").catch(() => "gone"),
        ),
      );
      const ill = SERVICES.filter((_, i) => states[i] !== "healthy");
      if (ill.length === 0) return;
      if (Date.now() > until) throw new Error(`${ill.join(", ")} did not become healthy again`);
      await sleep(LOOK_MS);
    }
  }

  /** What a query as the server's superuser answers: one JSON value. */
  async query<T>(sql: string): Promise<T> {
    const psql = ["psql", "-qtAU", "postgres", "-d", "agentlocator", "-c", sql];
    return JSON.parse(await this.compose("exec", "-T", "postgres", ...psql)) as T;
  }

  /** Writes to a volume until it takes no more. */
  async fill(volume: Volume): Promise<void> {
    const file = `/disks/${volume}/filler`;
    const fill = `dd if=/dev/zero of=${file} bs=64k; dd if=/dev/zero of=${file}.rest bs=512; true`;
    await this.compose("exec", "-T", "disks", "sh", "-c", `(${fill}) 2>/dev/null`);
  }

  async empty(volume: Volume): Promise<void> {
    const filler = `/disks/${volume}/filler`;
    await this.compose("exec", "-T", "disks", "rm", "-f", filler, `${filler}.rest`);
  }

  /** Shifts the clocks of backend and gateway; 0 puts them right. */
  async shiftClocks(ms: number): Promise<void> {
    await writeFile(join(this.appliance.dir, "lab/drill", CLOCK_FILE), String(ms));
  }

  async #inspect(service: string, format: string): Promise<string> {
    const id = await this.container(service);
    return (await this.appliance.must("docker", "inspect", "--format", format, id)).trim();
  }
}
