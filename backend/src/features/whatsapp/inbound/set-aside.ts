import type { WebhookAside } from "@agentlocator/contract";
import type { Database, SystemTx } from "../../../db/database.ts";
import { pageById } from "../../../http/page.ts";
import type { PageAsked } from "../../../http/page-by-time.ts";
import type { Logger } from "../../../platform/log.ts";
import { clean } from "./storable.ts";

export type Aside = Omit<WebhookAside, "id" | "created_at">;

const LONGEST_PAYLOAD = 300_000;
/** More than these say nothing new, and somebody has to look at the first. */
const MOST = 5000;

/** Keeps an authentic webhook that no business can be given, for the agency to look at. */
export async function setAside(db: Database, aside: Aside, log: Logger): Promise<void> {
  const { source, reason, detail } = aside;
  log.error({ source, reason }, `[WA-ERROR] webhook kept aside: ${detail}`);
  const row = { source, reason, detail: clean(detail).slice(0, 500) };
  const payload = clean(aside.payload).slice(0, LONGEST_PAYLOAD);
  await db.inSystem(async ({ trx }) => {
    await trx("webhooks_aside").insert({ ...row, payload });
    await trx.raw(
      "delete from webhooks_aside where id <= (select max(id) from webhooks_aside) - ?",
      [MOST],
    );
  });
}

export function listAside({ trx }: SystemTx, asked: PageAsked) {
  return pageById<WebhookAside>(trx("webhooks_aside").select("*"), asked);
}

export async function findAside({ trx }: SystemTx, id: number): Promise<WebhookAside | null> {
  return (await trx("webhooks_aside").where({ id }).first()) ?? null;
}

/** False when it is gone already. */
export async function removeAside({ trx }: SystemTx, id: number): Promise<boolean> {
  return (await trx("webhooks_aside").where({ id }).delete()) > 0;
}
