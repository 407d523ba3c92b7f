/** Network errors, and SQLSTATEs of a server that starts, ends, is full or broke the connection. */
const AWAY =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|08...|57P0[1-4]|53300)$/;
/** What pg and knex say without any code. */
const SAID = /timeout expired|connection terminated|timeout acquiring a connection/i;

/** Whether the database could not be reached, and may be there a moment later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return AWAY.test(code ?? "") || SAID.test(error.message);
}
