import type { Knex } from "knex";

/** The constraint that a statement ran into (unique, foreign key, check, exclusion), or null. */
export function violatedConstraint(error: unknown): string | null {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const violation = typeof code === "string" && code.startsWith("23");
  return violation && typeof constraint === "string" ? constraint : null;
}

/** Whether the database will never take this as it is (SQLSTATE classes 22, 23, 42). */
export function isRefused(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^(22|23|42)[0-9A-Z]{3}$/.test(code);
}

/**
 * Runs `run` in a savepoint. When it breaks the named constraint, what it did is undone, the
 * transaction goes on, and the answer is null.
 */
export async function unlessViolated<T>(
  tx: { readonly trx: Knex.Transaction },
  constraint: string,
  run: (trx: Knex.Transaction) => Promise<T>,
): Promise<T | null> {
  try {
    return await tx.trx.transaction(run);
  } catch (error) {
    if (violatedConstraint(error) === constraint) return null;
    throw error;
  }
}
