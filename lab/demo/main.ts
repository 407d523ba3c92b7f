import { serveControl } from "./control.ts";
import type { FromDemo, ToDemo } from "./messages.ts";
import { DemoNetwork } from "./network.ts";
import { runProgramme } from "./programme.ts";
import { seed, type Seeded } from "./seed.ts";

/** Started by scripts/start --demo, with a channel to it. */
const { DEMO_PUBLIC_BASE_URL: public_base_url = "", DEMO_BACKEND_URL: target = "" } = process.env;
const tell = (message: FromDemo) => void process.send?.(message);
const say = (line: string) => void process.stderr.write(`${line}\n`);

const ending = new AbortController();
const network = new DemoNetwork({ public_base_url, target, say });
let businesses: Seeded[] = [];

const control = await serveControl((business_id, scenario) => {
  const business = businesses.find(({ id }) => id === business_id);
  return (business && network.place(business, scenario)?.sid) ?? null;
});

process.once("message", async (message) => {
  const to = message as ToDemo;
  try {
    businesses = await seed(to);
    const [first] = businesses;
    if (!first) throw new Error("there are no businesses");
    tell({ type: "seeded", email: first.owner.email, password: to.owner_password });
    runProgramme((index, scenario) => {
      const business = businesses[index];
      if (business) network.place(business, scenario);
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

tell({ type: "simulators", env: { ...(await network.start()), DEMO_CONTROL_URL: control.url } });
