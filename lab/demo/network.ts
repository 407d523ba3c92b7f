import { OpenAiSim } from "../sim/openai/index.ts";
import { type SimCall, TwilioSim } from "../sim/twilio/index.ts";
import { WhatsAppSim } from "../sim/whatsapp/index.ts";
import { chat } from "./chat.ts";
import { PLAY, type CallScenario } from "./scenarios.ts";
import type { Seeded } from "./seed.ts";

export interface NetworkOptions {
  readonly public_base_url: string;
  /** Where the backend listens on this machine. */
  readonly target: string;
  say(line: string): void;
}

/** Ended calls stay known for a while: the product asks after them. */
const REMEMBERED_CALLS = 20;

/** The simulated telephone network, WhatsApp and language model, and the people who use them. */
export class DemoNetwork {
  readonly #openai = new OpenAiSim();
  readonly #twilio: TwilioSim;
  readonly #whatsapp = new WhatsAppSim();
  readonly #say: (line: string) => void;
  #model_is_dead = false;
  #customer = 0;
  /** Businesses in whose chats somebody is writing. */
  readonly #chatting = new Set<number>();

  constructor({ public_base_url, target, say }: NetworkOptions) {
    this.#twilio = new TwilioSim({ public_base_url, target });
    this.#say = say;
  }

  /** Starts the simulators; environments that send the product to them, and to nobody else. */
  async start(): Promise<{ env: Record<string, string>; gateway_env: Record<string, string> }> {
    await this.#openai.start();
    await this.#twilio.start();
    await this.#whatsapp.start();
    const env = {
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
    return { env, gateway_env: this.#whatsapp.env };
  }

  async stop(): Promise<void> {
    await this.#whatsapp.stop();
    await this.#twilio.stop();
    await this.#openai.stop();
  }

  /** The telephone of the business's owner, with WhatsApp on it. */
  ownersPhone({ owner, name }: Seeded) {
    return this.#whatsapp.phone(owner.phone, { name });
  }

  /**
   * A customer of `business` writes on WhatsApp now; their number. Null while another one does, and
   * while the business is not connected.
   */
  write(business: Seeded): string | null {
    const owner = this.ownersPhone(business);
    const person = this.#nextCustomer(business);
    if (!person || !owner.online || this.#chatting.has(business.id)) return null;
    this.#chatting.add(business.id);
    const customer = this.#whatsapp.customer(person.phone, { name: person.name });
    chat(customer, owner)
      .catch((error: Error) => this.#say(`The demo's customer gave up: ${error.message}`))
      .finally(() => {
        this.#chatting.delete(business.id);
        this.#forget();
      });
    return person.phone;
  }

  /** A customer of `business` calls now; null while the model is dead for another call. */
  place(business: Seeded, scenario: CallScenario): SimCall | null {
    if (this.#model_is_dead) return null;
    const customer = this.#nextCustomer(business);
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

  #nextCustomer({ customers }: Seeded) {
    return customers[this.#customer++ % customers.length];
  }

  async #play(call: SimCall, scenario: CallScenario): Promise<void> {
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
    const all = [violations, this.#openai.violations, this.#whatsapp.violations];
    for (const { reason } of all.flat()) {
      this.#say(`The demo's provider would refuse this: ${reason}`);
    }
    for (const list of [...all, webhooks, requests]) list.length = 0;
    this.#openai.requests.length = 0;
    this.#openai.connections.splice(0, this.#openai.connections.length - 1);
    const old = [...calls.keys()].slice(0, -REMEMBERED_CALLS);
    for (const sid of old) calls.delete(sid);
  }
}
