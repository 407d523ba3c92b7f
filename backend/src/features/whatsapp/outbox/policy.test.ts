import { describe, expect, test } from "vitest";
import { chooseProvider, type PolicyFacts } from "./policy.ts";

const now = Date.UTC(2026, 10, 24, 12);
const hours_ago = (hours: number) => now - hours * 3_600_000;
const a_minute_ago = now - 60_000;

/** Both providers stand, and nobody ever wrote. */
const usual: PolicyFacts = {
  now,
  asked: null,
  setting: "auto",
  env: "auto",
  priority: ["baileys", "twilio"],
  health: { baileys: "open", twilio: "enabled" },
  last_inbound: { baileys: null, twilio: null },
  template: null,
  opted_out: false,
  may_write_first: false,
  may_wait: false,
  window_refused: false,
};

const wrote = (last_inbound: Partial<PolicyFacts["last_inbound"]>) => ({
  last_inbound: { baileys: null, twilio: null, ...last_inbound },
});
const gateway_down = { health: { baileys: "down", twilio: "enabled" } } as const;
const only_twilio = { health: { baileys: "never_paired", twilio: "enabled" } } as const;
const only_gateway = { health: { baileys: "open", twilio: "disabled" } } as const;
const gateway_down_alone = { health: { baileys: "down", twilio: "disabled" } } as const;
const nothing = { health: { baileys: "never_paired", twilio: "disabled" } } as const;
const to_gateway = wrote({ baileys: a_minute_ago });
const to_twilio = wrote({ twilio: a_minute_ago });

type Row = [what: string, facts: Partial<PolicyFacts>, decision: string];

/** The decision in a word: `twilio: customer_wrote_here`, or `refuse: window_closed`. */
function decide(facts: Partial<PolicyFacts>): string {
  const decision = chooseProvider({ ...usual, ...facts });
  if (decision.refuse !== undefined) return `refuse: ${decision.refuse}`;
  return `${decision.provider}: ${decision.reason}`;
}

const check = (rows: Row[]) =>
  test.each(rows)("%s", (_, facts, decision) => expect(decide(facts)).toBe(decision));

describe("answer by the provider the customer wrote to", () => {
  check([
    ["the gateway", to_gateway, "baileys: customer_wrote_here"],
    ["Twilio", to_twilio, "twilio: customer_wrote_here"],
    [
      "the one that was written to last",
      wrote({ baileys: hours_ago(2), twilio: hours_ago(1) }),
      "twilio: customer_wrote_here",
    ],
    [
      "the one that was written to last, the other way round",
      wrote({ baileys: hours_ago(1), twilio: hours_ago(2) }),
      "baileys: customer_wrote_here",
    ],
    [
      "whatever the priority",
      { ...to_gateway, priority: ["twilio", "baileys"] },
      "baileys: customer_wrote_here",
    ],
    [
      "also through a gateway of which nothing else is known yet",
      { ...to_gateway, ...only_twilio },
      "baileys: customer_wrote_here",
    ],
    [
      "the gateway knows no window",
      wrote({ baileys: hours_ago(24 * 90) }),
      "baileys: customer_wrote_here",
    ],
  ]);
});

describe("else by the first healthy one of the priority", () => {
  const first = { may_write_first: true };
  check([
    ["the gateway, if it may write first", first, "baileys: priority"],
    ["never to a stranger otherwise", only_gateway, "refuse: stranger"],
    [
      "Twilio has no window for a stranger",
      { ...first, priority: ["twilio", "baileys"] },
      "baileys: priority",
    ],
    [
      "a gateway that is down is passed over",
      { ...first, ...gateway_down },
      "refuse: window_closed",
    ],
    [
      "the gateway, when Twilio that was written to is there no more",
      { ...wrote({ baileys: hours_ago(9), twilio: a_minute_ago }), ...only_gateway },
      "baileys: priority",
    ],
    ["what is not in the priority is not used", { ...first, priority: [] }, "refuse: no_provider"],
    ["there is none at all", { ...first, ...nothing }, "refuse: no_provider"],
  ]);
});

describe("the gateway's answers go to Twilio while it is down", () => {
  const also_twilio = wrote({ baileys: a_minute_ago, twilio: hours_ago(3) });
  check([
    ["by itself", { ...also_twilio, ...gateway_down }, "twilio: failover_gateway_down"],
    [
      "also to one who wrote to the gateway alone: Twilio knows best",
      { ...to_gateway, ...gateway_down },
      "twilio: failover_gateway_down",
    ],
    [
      "until Twilio says that its window is closed: then it waits",
      { ...to_gateway, ...gateway_down, window_refused: true, may_wait: true },
      "baileys: waiting_for_gateway",
    ],
    [
      "not after a day",
      { ...wrote({ baileys: hours_ago(25) }), ...gateway_down },
      "refuse: window_closed",
    ],
    [
      "after a day, what may wait does",
      { ...wrote({ baileys: hours_ago(25) }), ...gateway_down, may_wait: true },
      "baileys: waiting_for_gateway",
    ],
    [
      "without Twilio it is said",
      { ...to_gateway, ...gateway_down_alone },
      "refuse: not_connected",
    ],
    [
      "without Twilio, what may wait does",
      { ...to_gateway, ...gateway_down_alone, may_wait: true },
      "baileys: waiting_for_gateway",
    ],
  ]);
});

describe("24 hours after the customer's last message Twilio sends approved templates alone", () => {
  const late = wrote({ twilio: hours_ago(24) - 1 });
  check([
    [
      "at 24 hours it is still free",
      wrote({ twilio: hours_ago(24) }),
      "twilio: customer_wrote_here",
    ],
    ["a moment later no more", late, "refuse: window_closed"],
    [
      "not by another number either",
      { ...late, ...wrote({ baileys: hours_ago(48), twilio: hours_ago(25) }) },
      "refuse: window_closed",
    ],
    ["an approved template", { ...late, template: "approved" }, "twilio: window_closed_template"],
    ["not another one", { ...late, template: "unapproved" }, "refuse: template_not_approved"],
    ["to a stranger too", { template: "approved" }, "twilio: window_closed_template"],
    ["within the day any", { ...to_twilio, template: "unapproved" }, "twilio: template"],
    [
      "templates are Twilio's",
      { ...to_gateway, template: "approved" },
      "twilio: window_closed_template",
    ],
    [
      "not the gateway's",
      { asked: "baileys", template: "approved" },
      "refuse: template_needs_twilio",
    ],
    ["and need Twilio", { ...only_gateway, template: "approved" }, "refuse: twilio_disabled"],
    ["what Twilio says counts", { ...to_twilio, window_refused: true }, "refuse: window_closed"],
    [
      "the window is that of Twilio's number",
      { ...to_gateway, asked: "twilio" },
      "refuse: window_closed",
    ],
  ]);
});

describe("a provider that was chosen", () => {
  check([
    [
      "with the message",
      { ...to_twilio, ...wrote({ baileys: hours_ago(9), twilio: a_minute_ago }), asked: "baileys" },
      "baileys: asked",
    ],
    ["by the business", { ...to_twilio, setting: "twilio" }, "twilio: setting"],
    ["by the installation", { ...to_gateway, env: "baileys" }, "baileys: setting"],
    [
      "the message comes before the business",
      { ...to_twilio, asked: "twilio", setting: "baileys" },
      "twilio: asked",
    ],
    [
      "the business before the installation",
      { ...to_gateway, setting: "baileys", env: "twilio" },
      "baileys: setting",
    ],
    [
      "is not replaced by another",
      { ...to_gateway, ...gateway_down, setting: "baileys" },
      "refuse: not_connected",
    ],
    [
      "may be waited for",
      { ...to_gateway, ...gateway_down, setting: "baileys", may_wait: true },
      "baileys: waiting_for_gateway",
    ],
    ["the gateway does not write to a stranger for that", { asked: "baileys" }, "refuse: stranger"],
    ["unless it may", { asked: "baileys", may_write_first: true }, "baileys: asked"],
    [
      "a gateway without a telephone",
      { asked: "baileys", may_write_first: true, ...only_twilio },
      "refuse: not_connected",
    ],
    [
      "Twilio without keys",
      { ...to_twilio, ...only_gateway, asked: "twilio" },
      "refuse: twilio_disabled",
    ],
  ]);
});

test("who asked not to be written to is not, whatever else holds", () => {
  const facts = { ...to_gateway, opted_out: true, asked: "baileys", template: null } as const;
  expect(decide(facts)).toBe("refuse: opted_out");
  expect(decide({ ...facts, asked: null, template: "approved" })).toBe("refuse: opted_out");
});
