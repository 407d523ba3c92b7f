import { execFileSync } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SettingsPatch } from "@agentlocator/contract";
import { signIn, type Session } from "../demo/api.ts";
import { isOf, type TestBusiness } from "../e2e/product.ts";
import { OpenAiSim, receptionist, type Brain, type BrainState } from "../sim/openai/index.ts";
import { TwilioSim } from "../sim/twilio/index.ts";
import type { Appliance } from "./engine.ts";
import { trustOnSight } from "./simulators/reach.ts";

const ADMIN = { email: "agency@example.com", password: "agency-password" };

/** Twilio and OpenAI in this process, where a test can listen in, and an appliance sent to them. */
export class Telephone {
  readonly openai: OpenAiSim;
  readonly twilio: TwilioSim;
  readonly #appliance: Appliance;
  readonly #brains = new Map<string, Brain>();
  #admin: Session | undefined;
  #businesses = 0;

  private constructor(appliance: Appliance) {
    this.#appliance = appliance;
    const brain = (state: BrainState) => {
      const own = [...this.#brains].find(([name]) => isOf({ name }, state.instructions));
      return (own?.[1] ?? receptionist)(state);
    };
    this.openai = new OpenAiSim({ brain });
    this.twilio = new TwilioSim({ public_base_url: appliance.address, prompt_speed: 4 });
  }

  /** Starts the simulators and installs the appliance with them, and with `settings` in its .env. */
  static async install(appliance: Appliance, settings: object = {}): Promise<Telephone> {
    const telephone = new Telephone(appliance);
    const { openai, twilio } = telephone;
    const host = hostSeenByContainers();
    await openai.start({ everywhere: true });
    await twilio.start({ host });
    await changeSettings(appliance, {
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      OPENAI_API_KEY: "sk-lab",
      OPENAI_BASE_URL: openai.base_url.replace("127.0.0.1", host),
      TWILIO_ACCOUNT_SID: twilio.account_sid,
      TWILIO_AUTH_TOKEN: twilio.auth_token,
      TWILIO_API_BASE_URL: twilio.api_base_url,
      ...settings,
    });
    await appliance.install();
    await trustOnSight()("localhost", appliance.https_port);
    telephone.#admin = await signIn(appliance.address, ADMIN);
    return telephone;
  }

  /** A business with a number for calls, and the same number for WhatsApp at Twilio. */
  async addBusiness(settings: SettingsPatch = {}, brain?: Brain): Promise<TestBusiness> {
    this.#businesses += 1;
    const n = this.#businesses;
    const name = `מספרת ההדגמה מספר ${n}`;
    if (brain) this.#brains.set(name, brain);
    const phone_number = `+972310000${String(n).padStart(2, "0")}`;
    const owner = { email: `owner${n}@example.com`, name: "בעלים", password: "owner-password" };
    const { id } = await this.#admin!.post<{ id: number }>("/api/admin/businesses", {
      ...{ name, phone_number, whatsapp_number: phone_number, owner },
      ...{ timezone: "Asia/Jerusalem", locale: "he" },
    });
    const session = await signIn(this.#appliance.address, owner);
    await session.patch("/api/settings", settings);
    return { id, name, phone_number, owner: session, credentials: owner };
  }

  async stop(): Promise<void> {
    await this.twilio.stop();
    await this.openai.stop();
  }
}

/** Sets names in the appliance's settings file, which is made when there is none yet. */
export async function changeSettings(appliance: Appliance, values: object): Promise<void> {
  const file = join(appliance.dir, ".env");
  const before = await readFile(file, "utf8").catch(async () => {
    await copyFile(join(appliance.dir, ".env.example"), file);
    return readFile(file, "utf8");
  });
  let text = before;
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^${name}=.*$`, "m");
    const fresh = `${name}=${value}`;
    text = line.test(text) ? text.replace(line, fresh) : `${text}${fresh}\n`;
  }
  await writeFile(file, text, { mode: 0o600 });
}

/** This machine's address on Docker's bridge: containers on any network reach it. */
function hostSeenByContainers(): string {
  const format = "{{(index .IPAM.Config 0).Gateway}}";
  return execFileSync("docker", ["network", "inspect", "bridge", "--format", format])
    .toString()
    .trim();
}
