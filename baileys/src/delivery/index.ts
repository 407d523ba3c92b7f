import type { Logger } from "pino";
import type { Inbox, InboxEntry } from "../storage/index.ts";

export { createDelivery } from "./deliver.ts";

/**
 * Makes the event's body for the backend (a `GatewayEvent`) out of what was recorded; null when
 * the backend need not hear of it. What it throws is logged, and tried again slowly.
 */
export type RenderEvent = (entry: InboxEntry) => Promise<unknown> | unknown;

export interface DeliveryStatus {
  /** Entries on the disk that the backend has not taken. */
  waiting: number;
  /** ms since the epoch; null when nothing waits. */
  oldest_at: number | null;
  /** Of these, refused by the backend: tried again every 5 minutes beside the others. */
  refused: number;
}

export interface Delivery {
  /** Begins with what waits; what is recorded from now on follows. */
  attach(businessId: number, inbox: Inbox, render: RenderEvent): void;
  /** Resolves when nothing of this business is in flight. */
  detach(businessId: number): Promise<void>;
  status(businessId: number): DeliveryStatus;
  /** Aborts what is in flight (it stays on the disk); resolves when nothing is. */
  stop(): Promise<void>;
}

export interface DeliveryOptions {
  /** BAILEYS_WEBHOOK_TARGET */
  target: string;
  /** BAILEYS_WEBHOOK_SECRET */
  secret: string;
  log: Logger;
  clock?: DeliveryClock;
  /** Of one request. */
  timeout_ms?: number;
  /** Requests at once, in all and for one business. */
  concurrency?: { total: number; per_business: number };
}

export interface DeliveryClock {
  /** Calls back once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}
