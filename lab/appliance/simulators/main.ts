import { OpenAiSim } from "../../sim/openai/index.ts";
import { TwilioSim } from "../../sim/twilio/index.ts";
import { WhatsAppSim } from "../../sim/whatsapp/index.ts";
import { receiptBrain, type Confirmed } from "./brain.ts";
import { Callers } from "./callers.ts";
import { serveControl } from "./control.ts";
import { Customers } from "./customers.ts";
import { reachAppliance } from "./reach.ts";

/** In a container beside the appliance's: the providers, and the people who call and write. */
const { PUBLIC_BASE_URL: public_base_url = "" } = process.env;
const HOST = "simulators";

const confirmed: Confirmed[] = [];
const openai = new OpenAiSim({ brain: receiptBrain(confirmed) });
const twilio = new TwilioSim({ public_base_url });
const whatsapp = new WhatsAppSim();
await openai.start({ port: 9101, everywhere: true });
await twilio.start({ port: 9102, host: HOST });
await whatsapp.start({ port: 9103, everywhere: true });
await reachAppliance(public_base_url);

const callers = new Callers(twilio);
const customers = new Customers(whatsapp);
await serveControl(9100, {
  call: (body) => callers.place(body),
  load({ business, owner, lanes, writers }) {
    callers.begin(business, lanes);
    customers.begin(owner, writers);
  },
  async quiet() {
    await Promise.all([callers.end(), customers.end()]);
  },
  async scan(owner, qr) {
    await whatsapp.phone(owner).scan(qr);
  },
  model(answers) {
    if (answers) openai.everyConnection();
    else openai.everyConnection({ kind: "http", status: 503 });
  },
  report: () => ({
    calls: callers.reports(),
    messages: customers.reports(),
    confirmed,
    violations: [...openai.violations, ...twilio.violations, ...whatsapp.violations].map(
      ({ reason }) => reason,
    ),
  }),
});
process.once("SIGTERM", () => process.exit(0));
