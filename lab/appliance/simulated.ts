import { setTimeout as sleep } from "node:timers/promises";
import type { SettingsPatch } from "@agentlocator/contract";
import { freePort } from "../../scripts/lib/ports.ts";
import { signIn, type Session } from "../demo/api.ts";
import type { Appliance } from "./engine.ts";
import { trustOnSight } from "./simulators/reach.ts";
import type { Report } from "./simulators/report.ts";

const ADMIN = { email: "agency@example.com", password: "agency-password" };
const OWNER = { email: "owner@example.com", name: "Owner", password: "owner-password" };
const BUSINESS = "+97231234567";
const TELEPHONE = "+972525550001";
const CONNECTS_MS = 60_000;
const day: [string, string][] = [["00:00", "24:00"]];
/** Enough free times for many callers. */
const SETTINGS: SettingsPatch = {
  greeting: "שלום, איך אפשר לעזור?",
  slot_minutes: 5,
  business_hours: { sun: day, mon: day, tue: day, wed: day, thu: day, fri: day, sat: day },
};

interface Status {
  readonly baileys: { readonly state: string; readonly qr: string | null };
}

/** One business of an appliance among simulated providers, with people who call and write to it. */
export class Simulated {
  /** The agency's administrator, signed in. */
  readonly admin: Session;
  readonly #port: number;
  readonly #owner: Session;

  private constructor(port: number, admin: Session, owner: Session) {
    this.#port = port;
    this.admin = admin;
    this.#owner = owner;
  }

  /** Installs the appliance with the simulators beside it, and makes the business. */
  static async install(appliance: Appliance, ...overrides: string[]): Promise<Simulated> {
    const port = await freePort();
    const files = ["docker-compose.yml", "lab/appliance/simulators.yml", ...overrides];
    Object.assign(appliance.env, {
      COMPOSE_FILE: files.join(":"),
      SIMULATORS_PORT: String(port),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
    });
    await appliance.install();
    await trustOnSight()("localhost", appliance.https_port);
    const admin = await signIn(appliance.address, ADMIN);
    const { email, password } = OWNER;
    await admin.post("/api/admin/businesses", {
      ...{ name: "מספרת דנה", phone_number: BUSINESS, owner: OWNER },
      ...{ timezone: "Asia/Jerusalem", locale: "he" },
    });
    const owner = await signIn(appliance.address, { email, password });
    await owner.patch("/api/settings", SETTINGS);
    return new Simulated(port, admin, owner);
  }

  /** Connects WhatsApp, and scans the code with the owner's telephone. */
  async link(): Promise<void> {
    await this.#owner.post("/api/whatsapp/connect", {});
    const { qr } = await this.#channel(({ qr }) => qr !== null);
    await this.#post("/scan", { owner: TELEPHONE, qr });
    await this.#channel(({ state }) => state === "open");
  }

  /** Places a call that books, or only asks; its sid. */
  async call({ books }: { books: boolean }): Promise<string> {
    const { sid } = await this.#post<{ sid: string }>("/call", { to: BUSINESS, books });
    return sid;
  }

  /** From now on so many calls at once, and so many customers who write, until `quiet`. */
  async load({ lanes, writers }: { lanes: number; writers: number }): Promise<void> {
    await this.#post("/load", { business: BUSINESS, owner: TELEPHONE, lanes, writers });
  }

  /** Whether calls get a model from now on; without one their callers leave messages. */
  async model(answers: boolean): Promise<void> {
    await this.#post("/model", { answers });
  }

  /** No new calls or messages; resolves when the calls are over. */
  async quiet(): Promise<void> {
    await this.#post("/quiet", {});
  }

  /** What the people know. */
  async report(): Promise<Report> {
    return (await fetch(this.#url("/"))).json() as Promise<Report>;
  }

  async #channel(fits: (channel: Status["baileys"]) => boolean): Promise<Status["baileys"]> {
    const until = Date.now() + CONNECTS_MS;
    for (;;) {
      const { baileys } = await this.#owner.get<Status>("/api/whatsapp/status");
      if (fits(baileys)) return baileys;
      if (Date.now() > until) throw new Error(`WhatsApp is not connected: ${baileys.state}`);
      await sleep(500);
    }
  }

  async #post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(this.#url(path), { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`simulators ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }
}
