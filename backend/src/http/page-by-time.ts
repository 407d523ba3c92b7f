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
    // As text: a Date would lose the microseconds, and with them rows of the same millisecond.
    .select({ page_at: rawText(query, at), page_id: rawText(query, id) });
  if (cursor !== undefined) {
    rows.whereRaw(`(${at}, ${id}) < (?::timestamptz, ?::bigint)`, readCursor(cursor));
  }
  const items = (await rows) as (T & { page_at: string; page_id: string })[];
  if (items.length <= limit) return { items, next_cursor: null };
  items.length = limit;
  const { page_at, page_id } = items[limit - 1]!;
  const next_cursor = Buffer.from(`${page_at}|${page_id}`).toString("base64url");
  return { items, next_cursor };
}

function rawText(query: Knex.QueryBuilder, sql: string): Knex.Raw {
  return (query.client as { raw: Knex.RawBuilder }).raw(`(${sql})::text`);
}

const PLACE = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d)?)\|(\d{1,15})$/;

function readCursor(cursor: string): [at: string, id: string] {
  const place = PLACE.exec(Buffer.from(cursor, "base64url").toString());
  if (!place || Number.isNaN(Date.parse(place[1]!.slice(0, 10)))) {
    throw problem(400, "bad_cursor", "This cursor is not ours.");
  }
  return [place[1]!, place[2]!];
}
