import type { BusinessTx } from "../../../db/database.ts";
import type { Provider } from "./inbound-message.ts";

/**
 * Held until the commit: of what is told about a message and the message itself, one comes first,
 * and the other finds it.
 */
export async function lockMessage(
  tx: BusinessTx,
  provider: Provider,
  provider_msg_id: string,
): Promise<void> {
  const key = `message ${tx.business_id} ${provider} ${provider_msg_id}`;
  await tx.trx.raw("select pg_advisory_xact_lock(hashtextextended(?, 0))", [key]);
}
