import { setTimeout as sleep } from "node:timers/promises";
import type { Simulated } from "../../appliance/simulated.ts";
import type { Service, Stack, Volume } from "../stack.ts";
import { certificate } from "./certificate.ts";
import { rebuilt } from "./rebuilt.ts";

/** What goes wrong, and how it is put right, if that is not the appliance's own affair. */
export interface Fault {
  readonly name: string;
  readonly title: string;
  /** Makes it happen; resolves when it is over. What it adds is wrong with what was expected. */
  run(stack: Stack, simulated: Simulated): Promise<readonly string[] | void>;
}

const SERVICES: readonly Service[] = ["nginx", "backend", "baileys", "postgres", "redis"];
const VOLUMES: readonly Volume[] = ["postgres", "whatsapp"];
const AWAY_MS = 15_000;
const HOUR_MS = 3_600_000;

const killed = (service: Service): Fault => ({
  name: `kill-${service}`,
  title: `kill -9 of ${service}`,
  run: (stack) => stack.killHard(service),
});

const full = (volume: Volume): Fault => ({
  name: `full-${volume}`,
  title: `disk full: ${volume}`,
  async run(stack) {
    await stack.fill(volume);
    await sleep(AWAY_MS);
    await stack.empty(volume);
  },
});

export const FAULTS: readonly Fault[] = [
  ...SERVICES.map(killed),
  {
    name: "restart-postgres",
    title: "PostgreSQL restarted",
    async run(stack) {
      await stack.compose("restart", "postgres");
    },
  },
  {
    name: "redis-gone",
    title: "Redis gone",
    async run(stack) {
      await stack.compose("stop", "redis");
      await sleep(AWAY_MS);
      await stack.compose("start", "redis");
    },
  },
  {
    name: "partition",
    title: "gateway partitioned",
    async run(stack) {
      const network = `${stack.appliance.project}_edge`;
      const id = await stack.container("baileys");
      await stack.appliance.must("docker", "network", "disconnect", network, id);
      await sleep(AWAY_MS);
      const connect = ["network", "connect", "--alias", "baileys", network, id];
      await stack.appliance.must("docker", ...connect);
    },
  },
  ...VOLUMES.map(full),
  {
    name: "full-data",
    title: "disk full: data, and no model: callers leave messages",
    async run(stack, simulated) {
      await stack.fill("data");
      await simulated.model(false);
      await sleep(2 * AWAY_MS);
      await simulated.model(true);
      await stack.empty("data");
    },
  },
  {
    name: "full-certificates",
    title: "disk full: certificates, and nginx killed",
    async run(stack) {
      await stack.fill("certificates");
      await stack.killHard("nginx");
      await sleep(AWAY_MS);
      await stack.empty("certificates");
    },
  },
  {
    name: "clock",
    title: "clock an hour ahead, then right again",
    async run(stack) {
      await stack.shiftClocks(HOUR_MS);
      await sleep(AWAY_MS);
      await stack.shiftClocks(0);
    },
  },
  certificate,
  rebuilt,
];
