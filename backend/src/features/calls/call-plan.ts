import type { Business, Settings } from "@agentlocator/contract";
import type { Database } from "../../db/database.ts";
import { within } from "../../platform/deadline.ts";
import type { Logger } from "../../platform/log.ts";
import { findBusinessByPhone } from "../businesses/index.ts";
import { loadSettings } from "../settings/index.ts";
import { greetingKey, loadGreeting } from "./greeting-store.ts";

/** Twilio waits 15 s for TwiML, but the caller hears it ring; the cache answers sooner. */
const LOOKUP_MS = 2500;

/** How a business answers its telephone. */
export interface CallPlan {
  business: Business;
  settings: Settings;
  greeting_key: string;
  greeting_audio: Buffer | null;
}

/** The answer to "whose number is this": null when it is nobody's. */
export interface CallPlans {
  /** @throws when the database is away and this number was not called before */
  byNumber(to_number: string): Promise<CallPlan | null>;
  byBusiness(business_id: number): Promise<CallPlan>;
}

/**
 * Loads plans, and keeps the last of each number for the time when the database is away: a caller
 * is then answered as the business was set up a moment ago.
 */
export function createCallPlans(deps: { db: Database; log: Logger; model: string }): CallPlans {
  const { db, log } = deps;
  const last = new Map<string, CallPlan>();

  async function complete(business: Business): Promise<CallPlan> {
    return db.inBusiness(business.id, async (tx) => {
      const settings = await loadSettings(tx);
      const key = greetingKey(settings.greeting, settings.voice, deps.model);
      const greeting_audio = settings.greeting ? await loadGreeting(tx, key) : null;
      return { business, settings, greeting_key: key, greeting_audio };
    });
  }

  async function load(to_number: string): Promise<CallPlan | null> {
    const business = await db.inSystem((tx) => findBusinessByPhone(tx, to_number));
    return business && complete(business);
  }

  return {
    async byNumber(to_number) {
      try {
        const plan = await within(LOOKUP_MS, load(to_number));
        if (plan) last.set(to_number, plan);
        else last.delete(to_number);
        return plan;
      } catch (error) {
        const kept = last.get(to_number);
        if (!kept) throw error;
        log.warn({ err: error, biz: kept.business.id }, "[CALL] answered without the database");
        return kept;
      }
    },

    async byBusiness(business_id) {
      const business = await db.inBusiness(business_id, (tx) =>
        tx.trx<Business>("businesses").where({ id: business_id }).first(),
      );
      return complete(business!);
    },
  };
}
