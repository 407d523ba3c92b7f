import knexFactory from "knex";
import type { Knex } from "knex";
import pg from "pg";
import { cutWhenSilent } from "./silence.ts";

const { builtins } = pg.types;

/**
 * How values come out of PostgreSQL, so that a row is a JSON field without being mapped:
 * `timestamptz` as an ISO 8601 string in UTC, `int8` (event ids, counts) as a number.
 */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === builtins.TIMESTAMPTZ) return (text: string) => new Date(text).toISOString();
    if (oid === builtins.INT8) return Number;
    if (oid === builtins.DATE) return (text: string) => text;
    return pg.types.getTypeParser(oid, format);
  },
};

/** knex would print to the console; what fails is reported by whoever asked for it. */
const quiet = { warn() {}, error() {}, deprecate() {}, debug() {} };

/**
 * Opens the pool. Connections are made when needed; nothing is asked of the server here.
 * @param silent_ms how long the server may leave a question without any answer
 */
export function createPool(url: string, max = 20, silent_ms?: number): Knex {
  return knexFactory({
    client: "pg",
    log: quiet,
    connection: {
      connectionString: url,
      types,
      application_name: "agentlocator",
      keepAlive: true,
      connectionTimeoutMillis: 3000,
      statement_timeout: 15_000,
      idle_in_transaction_session_timeout: 30_000,
    } as Knex.PgConnectionConfig,
    pool: {
      min: 0,
      max,
      afterCreate(client: pg.Client, done: (error: null, client: pg.Client) => void) {
        cutWhenSilent(client, silent_ms);
        done(null, client);
      },
    },
    acquireConnectionTimeout: 4000,
  });
}
