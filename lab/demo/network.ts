import { OpenAiSim } from "../sim/openai/index.ts";
import { type SimCall, TwilioSim } from "../sim/twilio/index.ts";
import { PLAY, type Scenario } from "./scenarios.ts";
import type { Seeded } from "./seed.ts";

export interface NetworkOptions {
  readonly public_base_url: string;
  /** Where the backend listens on this machine. */
  readonly target: string;
  say(line: string): void;
}

/** Ended calls stay known for a while: the product asks after them. */
const REMEMBERED_CALLS = 20;

/** The simulated telephone network and language model, and the people who call. */
export class DemoNetwork {
  readonly #openai = new OpenAiSim();
  readonly #twilio: TwilioSim;
  readonly #say: (line: string) => void;
  #model_is_dead = false;
  #customer = 0;

  constructor({ public_base_url, target, say }: NetworkOptions) {
    this.#twilio = new TwilioSim({ public_base_url, target });
    this.#say = say;
  }

  /** Starts the simulators; the environment that sends the backend to them, and to nobody else. */
  async start(): Promise<Record<string, string>> {
    await this.#openai.start();
    await this.#twilio.start();
    return {
      OPENAI_API_KEY: "demo",
      OPENAI_BASE_URL: this.#openai.base_url,
      TWILIO_ACCOUNT_SID: this.#twilio.account_sid,
      TWILIO_AUTH_TOKEN: this.#twilio.auth_token,
      TWILIO_API_BASE_URL: this.#twilio.api_base_url,
      TWILIO_WA_FROM: "",
      GOOGLE_APPLICATION_CREDENTIALS: "",
      GCP_CREDENTIALS_JSON: "",
      SMTP_URL: "",
    };
  }

  async stop(): Promise<void> {
    await this.#twilio.stop();
    await this.#openai.stop();
  }

  /** A customer of `business` calls now; null while the model is dead for another call. */
  place(business: Seeded, scenario: Scenario): SimCall | null {
    if (this.#model_is_dead) return null;
    const customer = business.customers[this.#customer++ % business.customers.length];
    if (scenario === "dead_model") this.#killModel();
    const call = this.#twilio.placeCall({
      to: business.phone_number,
      ...(customer && { from: customer.phone }),
    });
    if (scenario === "dead_model") {
      // As soon as the fallback has taken over, the model may live again for others.
      const over = [call.waitFor("record_started", { timeout_ms: 120_000 }), call.ended];
      void Promise.race(over)
        .catch(() => undefined)
        .then(() => this.#reviveModel());
    }
    void this.#play(call, scenario);
    return call;
  }

  async #play(call: SimCall, scenario: Scenario): Promise<void> {
    try {
      await PLAY[scenario](call);
    } catch (error) {
      this.#say(`The demo's caller gave up (${scenario}): ${(error as Error).message}`);
      call.hangUp();
    }
    await call.ended;
    this.#forget();
  }

  #killModel(): void {
    this.#model_is_dead = true;
    this.#openai.everyConnection({ kind: "no_response", times: Number.MAX_SAFE_INTEGER });
  }

  #reviveModel(): void {
    this.#model_is_dead = false;
    this.#openai.everyConnection();
  }

  /** The simulators keep everything for tests; a demo that runs for days must not. */
  #forget(): void {
    const { calls, violations, webhooks, requests } = this.#twilio;
    for (const { reason } of [...violations, ...this.#openai.violations]) {
      this.#say(`The demo's provider would refuse this: ${reason}`);
    }
    for (const list of [violations, this.#openai.violations, webhooks, requests]) list.length = 0;
    this.#openai.requests.length = 0;
    this.#openai.connections.splice(0, this.#openai.connections.length - 1);
    const old = [...calls.keys()].slice(0, -REMEMBERED_CALLS);
    for (const sid of old) calls.delete(sid);
  }
}
