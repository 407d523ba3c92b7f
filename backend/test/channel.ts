import type { GatewayConnectionEvent, GatewaySession } from "@agentlocator/contract";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { notificationRoutes } from "../src/features/notifications/index.ts";
import { createChannel, GatewayUnreachable } from "../src/features/whatsapp/channel/index.ts";
import type { GatewayClient } from "../src/features/whatsapp/channel/index.ts";
import { parseEnv } from "../src/platform/env.ts";
import type { TestBackend } from "./http.ts";
import { createPeople } from "./people.ts";
import type { TestPeople } from "./people.ts";

export const SECONDS = 1000;

/** What a report says; the rest is as of a session that is closed since now. */
export type Told = Partial<GatewayConnectionEvent>;
export const open: Told = { state: "open", phone: "+972501234567" };

/** The channels of a test file's businesses, at a gateway that says what it is told to say. */
export function useTestChannel() {
  const env = parseEnv({ DATABASE_URL: "postgres://x", APP_SECRET: "x".repeat(32) });
  let people: TestPeople;
  let channel: ReturnType<typeof createChannel>;
  const gateway = {
    /** What it answers; null: nothing. */
    sessions: [] as GatewaySession[] | null,
    /** Businesses whose own gateway does not answer. */
    silent: new Set<number>(),
    /** Done while it is being asked. */
    onAsk: async (): Promise<void> => undefined,
  };
  const client = {
    async sessions() {
      const answer = gateway.sessions;
      await gateway.onAsk();
      if (!answer) throw new GatewayUnreachable("nobody there");
      return { sessions: answer, silent: gateway.silent };
    },
    async session(id: number) {
      if (!gateway.sessions) throw new GatewayUnreachable("nobody there");
      return gateway.sessions.find(({ businessId }) => businessId === id) ?? null;
    },
    remove: () => gateway.onAsk(),
  } as unknown as GatewayClient;

  const make = (parts: TestBackend) => createChannel({ ...parts, env, gateway: client });
  beforeAll(async () => {
    people = await createPeople({
      routes(parts) {
        channel = make(parts);
        return [...notificationRoutes(), ...channel.routes];
      },
    });
  });
  afterAll(() => people.close());
  beforeEach(() => {
    gateway.sessions = [];
    gateway.silent.clear();
    gateway.onAsk = async () => undefined;
  });

  const at = (ms = 0) => new Date(people.clock.now() + ms).toISOString();
  const report = (business_id: number, told: Told): GatewayConnectionEvent => ({
    ...{ event: "connection", business_id, state: "close", reason: null, phone: null },
    ...{ since: at(), last_seen: null, attempt: 0, next_retry_at: null, detail: null },
    ...told,
  });
  const tell = (id: number, told: Told) =>
    people.db.inBusiness(id, (tx) => channel.applyConnection(tx, report(id, told)));
  /** A second later, so that each report is of a state of its own. */
  async function tellNext(id: number, told: Told): Promise<void> {
    people.clock.advance(SECONDS);
    await tell(id, told);
  }
  /** How the gateway shows the session when it is asked. */
  function shows(businessId: number, told: Told): void {
    const { reason, state, phone, since, attempt, detail, epoch, ...more } = report(
      businessId,
      told,
    );
    const others = (gateway.sessions ?? []).filter((session) => session.businessId !== businessId);
    const times = { lastSeen: more.last_seen, nextRetryAt: more.next_retry_at };
    const session = { businessId, state, reason, phone, since, attempt, detail, epoch, ...times };
    gateway.sessions = [...others, { ...session, connected: state === "open", qr: null }];
  }
  const rows = (table: string) => (id: number) =>
    people.db.inBusiness(id, ({ trx }) => trx(table).orderBy("id"));

  return {
    ...{ gateway, at, report, tell, tellNext, shows },
    get people() {
      return people;
    },
    clock: { advance: (ms: number) => people.clock.advance(ms) },
    /** As after a restart of the backend: nothing is remembered but what is in the database. */
    restart: () => void (channel = make(people)),
    retry: (attempt: number): Told => ({ attempt, next_retry_at: at(60 * SECONDS) }),
    /** The job that asks the gateway every few seconds, when it is due again. */
    async poll(after_ms = 15 * SECONDS): Promise<void> {
      people.clock.advance(after_ms);
      await channel.jobs["whatsapp.reconcile"]!({ business_id: 0 }, undefined as never);
    },
    bells: rows("notifications"),
    incidents: rows("whatsapp_incidents"),
    stored: (id: number) => people.db.inBusiness(id, ({ trx }) => trx("whatsapp_channels").first()),
    health: (id: number) => people.db.inBusiness(id, (tx) => channel.providerHealth(tx)),
    /** A business whose WhatsApp stands. */
    async paired() {
      const business = await people.business();
      await tellNext(business.id, { state: "connecting", reason: "qr" });
      await tellNext(business.id, open);
      shows(business.id, open);
      return business;
    },
  };
}
