import { parseArgs } from "node:util";
import { Appliance, whyNot } from "../appliance/engine.ts";
import { Simulated } from "../appliance/simulated.ts";
import { FAULTS } from "./faults/index.ts";
import { drill } from "./row.ts";
import { Stack } from "./stack.ts";
import { table, type Row } from "./table.ts";

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const say = (line: string) => void process.stderr.write(`${line}\n`);

function fail(line: string, code: number): never {
  say(line);
  process.exit(code);
}

const names = FAULTS.map(({ name }) => name);
const unknown = values.only?.find((name) => !names.includes(name));
if (unknown) fail(`There is no fault ${unknown}, but ${names.join(", ")}.`, 2);
const chosen = FAULTS.filter(({ name }) => values.only?.includes(name) ?? true);
const reason = whyNot();
if (reason) fail(`${reason}.`, 1);

const rows: Row[] = [];
const appliance = await Appliance.copy(process.env["COMPOSE_PROJECT_NAME"] ?? "agentlocator-drill");
try {
  say(`Installing the appliance and the simulators in ${appliance.dir} ...`);
  const simulated = await Simulated.install(appliance, "lab/drill/drill.yml");
  await simulated.link();
  const stack = new Stack(appliance);
  for (const [i, fault] of chosen.entries()) {
    say(`${i + 1} of ${chosen.length}: ${fault.title} ...`);
    const row = await drill(stack, simulated, fault);
    say(`  callers ${row.callers}; customers ${row.customers}`);
    for (const lost of row.lost) say(`  LOST ${lost}`);
    rows.push(row);
  }
} catch (error) {
  say(`The drill could not go on: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await appliance.remove();
}
process.stdout.write(`${table(rows)}\n`);
if (rows.some(({ lost }) => lost.length > 0)) process.exitCode = 1;
