import type { Knex } from "knex";
import { problem } from "./problem.ts";

/** What every list is asked, and what it answers. */
export interface PageAsked {
  limit: number;
  cursor?: string | undefined;
}
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/**
 * One page of rows, the latest first, and of the same moment the highest id first. The cursor
 * holds the last row's place, so rows that come or move in between neither repeat nor hide others.
 * @param query selects the rows, unordered
 * @param at SQL of the time to go by, never null; like `id` it is ours, never a client's
 * @throws 400 for a cursor that no list has given
 */
export async function pageByTime<T extends object>(
  query: Knex.QueryBuilder,
  { limit, cursor }: PageAsked,
  { at, id }: { at: string; id: string },
): Promise<Page<T>> {
  const rows = query
    .clone()
    .orderByRaw(`${at} desc, ${id} desc`)
    .limit(limit + 1)
    // In microseconds: a Date would lose them, and with them rows of the same millisecond.
    .select({ page_at: rawText(query, `(extract(epoch from ${at}) * 1000000)::bigint`) })
    .select({ page_id: rawText(query, id) });
  if (cursor !== undefined) {
    const time = "'epoch'::timestamptz + ?::bigint * interval '1 microsecond'";
    rows.whereRaw(`(${at}, ${id}) < (${time}, ?::bigint)`, readCursor(cursor));
  }
  const items = (await rows) as (T & { page_at: string; page_id: string })[];
  if (items.length <= limit) return { items, next_cursor: null };
  items.length = limit;
  const { page_at, page_id } = items[limit - 1]!;
  return { items, next_cursor: `${page_at}.${page_id}` };
}

function rawText(query: Knex.QueryBuilder, sql: string): Knex.Raw {
  return (query.client as { raw: Knex.RawBuilder }).raw(`(${sql})::text`);
}

function readCursor(cursor: string): string[] {
  const place = /^(-?\d{1,16})\.(\d{1,15})$/.exec(cursor);
  if (!place) throw problem(400, "bad_cursor", "This cursor is not ours.");
  return place.slice(1);
}
