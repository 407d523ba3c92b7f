export type Provider = "baileys" | "twilio";
export type ProviderChoice = Provider | "auto";

/** What the provider policy knows; times in milliseconds since the epoch. */
export interface PolicyFacts {
  now: number;
  /** The provider that was asked for with this message. */
  asked: Provider | null;
  /** The business's setting, and behind it the installation's `WHATSAPP_PROVIDER`. */
  setting: ProviderChoice;
  env: ProviderChoice;
  /** `WA_PROVIDER_PRIORITY` */
  priority: readonly Provider[];
  health: {
    baileys: "open" | "down" | "never_paired";
    twilio: "enabled" | "disabled";
  };
  /** The customer's last message to our number at each provider; null: never wrote to it. */
  last_inbound: Readonly<Record<Provider, number | null>>;
  /** The template that is to be sent, if one is. */
  template: "approved" | "unapproved" | null;
  opted_out: boolean;
  /** The setting `whatsapp_write_first`. */
  may_write_first: boolean;
  /** The message may wait until the gateway's connection stands again. */
  may_wait: boolean;
  /** Twilio refused this very message because its window is closed. */
  window_refused: boolean;
}

export type RouteReason =
  | "asked"
  | "setting"
  | "customer_wrote_here"
  | "priority"
  | "template"
  | "failover_gateway_down"
  | "window_closed_template"
  | "waiting_for_gateway";

export type Refusal =
  | "opted_out"
  | "window_closed"
  | "template_not_approved"
  | "template_needs_twilio"
  | "twilio_disabled"
  | "not_connected"
  | "stranger"
  | "no_provider";

export type Decision =
  | { provider: Provider; reason: RouteReason; refuse?: never }
  | { refuse: Refusal; provider?: never; reason?: never };

/** WhatsApp lets a business answer freely for this long after the customer's last message. */
export const WINDOW_MS = 24 * 3_600_000;

/** Which provider carries a message to a customer, and why; or why none may. */
export function chooseProvider(facts: PolicyFacts): Decision {
  if (facts.opted_out) return { refuse: "opted_out" };
  const chosen = facts.asked ?? fixed(facts.setting) ?? fixed(facts.env);
  if (facts.template !== null) {
    return chosen === "baileys" ? { refuse: "template_needs_twilio" } : twilio(facts, "template");
  }
  const why = facts.asked ? "asked" : "setting";
  if (chosen === "twilio") return twilio(facts, why);
  if (chosen === "baileys") return baileys(facts, why);
  const theirs = lastWrittenTo(facts.last_inbound);
  if (theirs === "twilio" && facts.health.twilio === "enabled") {
    return twilio(facts, "customer_wrote_here");
  }
  if (theirs === "baileys") return answerAtGateway(facts);
  return firstHealthy(facts);
}

/** The customer wrote to the gateway. Twilio stands in while the gateway or its session is down. */
function answerAtGateway(facts: PolicyFacts): Decision {
  // Somebody's message came through it, so its state is only not known yet.
  if (facts.health.baileys !== "down") {
    return { provider: "baileys", reason: "customer_wrote_here" };
  }
  // What the customer wrote to the other number may count at Twilio too; if not, Twilio says so.
  const recent = !facts.window_refused && within(facts, facts.last_inbound.baileys);
  if (facts.health.twilio === "enabled" && (recent || windowOpen(facts))) {
    return { provider: "twilio", reason: "failover_gateway_down" };
  }
  if (facts.may_wait) return { provider: "baileys", reason: "waiting_for_gateway" };
  return { refuse: facts.health.twilio === "enabled" ? "window_closed" : "not_connected" };
}

function firstHealthy(facts: PolicyFacts): Decision {
  const tried = facts.priority.map((provider) =>
    provider === "twilio" ? twilio(facts, "priority") : baileys(facts, "priority"),
  );
  const found = tried.find((decision) => decision.refuse === undefined);
  if (found) return found;
  const { health } = facts;
  if (health.twilio === "disabled" && health.baileys === "never_paired") {
    return { refuse: "no_provider" };
  }
  // What a person can do about it: a template, if there is Twilio.
  const refusals = tried.map(({ refuse }) => refuse);
  const telling = (["window_closed", "stranger", "not_connected"] as const).find((refusal) =>
    refusals.includes(refusal),
  );
  return { refuse: telling ?? "no_provider" };
}

function twilio(facts: PolicyFacts, reason: RouteReason): Decision {
  if (facts.health.twilio === "disabled") return { refuse: "twilio_disabled" };
  if (windowOpen(facts)) return { provider: "twilio", reason };
  if (facts.template === "approved") {
    return { provider: "twilio", reason: "window_closed_template" };
  }
  return { refuse: facts.template === null ? "window_closed" : "template_not_approved" };
}

function baileys(facts: PolicyFacts, reason: RouteReason): Decision {
  const { health, last_inbound, may_write_first, may_wait } = facts;
  if (last_inbound.baileys === null && !may_write_first) return { refuse: "stranger" };
  if (health.baileys === "open") return { provider: "baileys", reason };
  if (health.baileys === "never_paired") {
    return last_inbound.baileys === null
      ? { refuse: "not_connected" }
      : { provider: "baileys", reason };
  }
  if (may_wait) return { provider: "baileys", reason: "waiting_for_gateway" };
  return { refuse: "not_connected" };
}

function windowOpen(facts: PolicyFacts): boolean {
  return !facts.window_refused && within(facts, facts.last_inbound.twilio);
}

const within = ({ now }: PolicyFacts, at: number | null): boolean =>
  at !== null && now - at <= WINDOW_MS;

const fixed = (choice: ProviderChoice): Provider | null => (choice === "auto" ? null : choice);

function lastWrittenTo({ baileys, twilio }: PolicyFacts["last_inbound"]): Provider | null {
  if (baileys === null && twilio === null) return null;
  return (twilio ?? 0) > (baileys ?? 0) ? "twilio" : "baileys";
}
