import { serveControl } from "./control.ts";
import type { FromDemo, ToDemo } from "./messages.ts";
import { DemoNetwork } from "./network.ts";
import { runProgramme } from "./programme.ts";
import { keepScanning } from "./scanning.ts";
import { seed, type Seeded } from "./seed.ts";

/** Started by scripts/start --demo, with a channel to it. */
const { DEMO_PUBLIC_BASE_URL: public_base_url = "", DEMO_BACKEND_URL: target = "" } = process.env;
const tell = (message: FromDemo) => void process.send?.(message);
const say = (line: string) => void process.stderr.write(`${line}\n`);

const ending = new AbortController();
const network = new DemoNetwork({ public_base_url, target, say });
let businesses: Seeded[] = [];

const businessOf = (business_id: number) => businesses.find(({ id }) => id === business_id);
const control = await serveControl({
  place(business_id, scenario) {
    const business = businessOf(business_id);
    return (business && network.place(business, scenario)?.sid) ?? null;
  },
  write(business_id) {
    const business = businessOf(business_id);
    return business ? network.write(business) : null;
  },
});

process.once("message", async (message) => {
  const to = message as ToDemo;
  try {
    businesses = await seed(to);
    const [first] = businesses;
    if (!first) throw new Error("there are no businesses");
    tell({ type: "seeded", email: first.owner.email, password: to.owner_password });
    for (const business of businesses) {
      void keepScanning(to, business, network.ownersPhone(business), {
        signal: ending.signal,
        say,
      });
    }
    runProgramme((index, scenario) => {
      const business = businesses[index];
      if (!business) return;
      if (scenario === "chat") network.write(business);
      else network.place(business, scenario);
    }, ending.signal);
  } catch (error) {
    tell({ type: "failed", reason: (error as Error).message });
  }
});

async function end(): Promise<void> {
  if (ending.signal.aborted) return;
  ending.abort();
  control.server.close();
  await network.stop();
  process.exit(0);
}
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => void end());
process.on("disconnect", () => void end());

const { env, gateway_env } = await network.start();
tell({ type: "simulators", env: { ...env, DEMO_CONTROL_URL: control.url }, gateway_env });
