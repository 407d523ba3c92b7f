import type { BusinessTx } from "../../../db/database.ts";
import { problem, type ProblemError } from "../../../http/problem.ts";
import { gatherFacts, type FactsDeps } from "./facts.ts";
import { chooseProvider, type PolicyFacts, type Provider } from "./policy.ts";
import { unsentDetail, type Unsent } from "./words.ts";

/** Twilio's longest text. */
const LONGEST_AT_TWILIO = 1600;

interface Asked {
  thread_id: number;
  provider: Provider | null;
  template: PolicyFacts["template"];
  text: string | null;
}

/**
 * Checks that a person's message can be sent right now, so that one who waits for the answer hears
 * it at once instead of finding it in the conversation later.
 * @throws the 422 problem that says why not
 */
export async function requireSendable(
  tx: BusinessTx,
  deps: FactsDeps,
  { thread_id, provider: asked, template, text }: Asked,
  now: number,
): Promise<void> {
  const message = { thread_id, author: "user", asked, template, may_wait: false } as const;
  const { provider, refuse } = chooseProvider(await gatherFacts(tx, deps, message, now));
  if (refuse !== undefined) throw refused(refuse);
  const long = template === null && (text ?? "").length > LONGEST_AT_TWILIO;
  if (provider === "twilio" && long) throw refused("too_long");
}

const refused = (why: Unsent): ProblemError => problem(422, why, unsentDetail(why));
