import type { BusinessTx } from "../../../db/database.ts";
import type { Provider } from "./inbound-message.ts";

/** What is locked, as text. */
export const messageKey = (
  business_id: number,
  provider: Provider,
  provider_msg_id: string,
): string => `message ${business_id} ${provider} ${provider_msg_id}`;

/**
 * Held until the commit: of what is told about a message and the message itself, one comes first,
 * and the other finds it.
 */
export async function lockMessage(
  tx: BusinessTx,
  provider: Provider,
  provider_msg_id: string,
): Promise<void> {
  const key = messageKey(tx.business_id, provider, provider_msg_id);
  await tx.trx.raw("select pg_advisory_xact_lock(hashtextextended(?, 0))", [key]);
}
