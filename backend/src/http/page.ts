import type { Knex } from "knex";
import { problem } from "./problem.ts";

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/**
 * One page of rows, newest (highest id) first.
 * @param query selects the rows, with their `id`, unordered
 * @param column how the query calls the id when it joins tables
 * @throws 400 for a cursor that no list has given
 */
export async function pageById<T extends { id: number }>(
  query: Knex.QueryBuilder,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  column = "id",
): Promise<Page<T>> {
  const rows = query
    .clone()
    .orderBy(column, "desc")
    .limit(limit + 1);
  if (cursor !== undefined) {
    if (!/^\d{1,15}$/.test(cursor)) throw problem(400, "bad_cursor", "This cursor is not ours.");
    // As int8: a cursor may be above what the column itself can hold.
    rows.whereRaw("?? < ?::bigint", [column, cursor]);
  }
  const items = (await rows) as T[];
  if (items.length <= limit) return { items, next_cursor: null };
  items.length = limit;
  return { items, next_cursor: String(items[limit - 1]!.id) };
}
