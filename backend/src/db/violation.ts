import type { Knex } from "knex";
import type { BusinessTx } from "./database.ts";

/**
 * Runs `run` in a savepoint. When it breaks the named constraint, what it did is undone, the
 * transaction goes on, and the answer is null.
 */
export async function unlessViolated<T>(
  tx: BusinessTx,
  constraint: string,
  run: (trx: Knex.Transaction) => Promise<T>,
): Promise<T | null> {
  try {
    return await tx.trx.transaction(run);
  } catch (error) {
    if ((error as { constraint?: string }).constraint === constraint) return null;
    throw error;
  }
}
