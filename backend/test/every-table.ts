import { createHash } from "node:crypto";
import type { Knex } from "knex";
import type { SystemTx } from "../src/db/database.ts";

export type Row = Record<string, unknown>;

interface Column {
  table: string;
  name: string;
  type: string;
  required: boolean;
  has_default: boolean;
  /** `CHECK (…)` of this column alone. */
  check: string | null;
}

export interface ForeignKey {
  name: string;
  table: string;
  target: string;
  columns: string[];
  target_columns: string[];
}

const COLUMNS = `
  select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type,
    a.attnotnull as required, a.atthasdef or a.attidentity <> '' as has_default,
    (select pg_get_constraintdef(k.oid) from pg_constraint k
      where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum] limit 1) as check
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`;

const names = (keys: string, relation: string) => `
  (select array_agg(a.attname::text order by o.n) from unnest(${keys}) with ordinality as o(num, n)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = o.num)`;

const FOREIGN_KEYS = `
  select conname as name, conrelid::regclass::text as table, confrelid::regclass::text as target,
    ${names("conkey", "conrelid")} as columns, ${names("confkey", "confrelid")} as target_columns
  from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`;

/** Every foreign key of the schema. */
export async function foreignKeys(trx: Knex): Promise<ForeignKey[]> {
  return (await trx.raw(FOREIGN_KEYS)).rows;
}

/** Columns of every table of the schema, by table. */
export async function columnsByTable(trx: Knex): Promise<Map<string, Column[]>> {
  const columns: Column[] = (await trx.raw(COLUMNS)).rows;
  return Map.groupBy(columns, (column) => column.table);
}

/**
 * Gives a business one row in each table that has `business_id`, whatever tables there are: values
 * by type, references to the business's own rows. Every free text contains `marker`.
 * @returns the rows by table, with those that the business had already
 */
export async function fillEveryTable(
  { trx }: SystemTx,
  business_id: number,
  marker: string,
): Promise<Map<string, Row>> {
  const keys = await foreignKeys(trx);
  const tables = new Map([...(await columnsByTable(trx))].filter(([, c]) => c.some(isBusiness)));
  const filled = new Map<string, Row>();
  for (const table of tables.keys()) {
    const row = await trx(table).where({ business_id }).first();
    if (row) filled.set(table, row);
  }
  for (let before = -1; before < filled.size;) {
    before = filled.size;
    for (const [table, columns] of tables) {
      if (filled.has(table)) continue;
      const row: Row = {};
      for (const column of columns) {
        const value = valueFor(column, marker);
        if (value !== undefined) row[column.name] = value;
      }
      row.business_id = business_id;
      if (!refer(row, columns, keys, filled)) continue;
      const [made] = await trx(table).insert(row).returning("*");
      filled.set(table, made);
    }
  }
  const missed = [...tables.keys()].filter((table) => !filled.has(table));
  if (missed.length > 0) throw new Error(`could not fill: ${missed.join(", ")}`);
  return filled;
}

const isBusiness = (column: Column): boolean => column.name === "business_id";

/** Points the row to rows that are there; false when one that it needs is not there yet. */
function refer(row: Row, columns: Column[], keys: ForeignKey[], filled: Map<string, Row>): boolean {
  const table = columns[0]!.table;
  for (const key of keys) {
    if (key.table !== table || key.target === "businesses") continue;
    const own = key.columns.filter((name) => name !== "business_id");
    const target = filled.get(key.target);
    if (target) {
      key.columns.forEach((name, n) => (row[name] = target[key.target_columns[n]!]));
    } else if (columns.some(({ name, required }) => required && own.includes(name))) {
      return false;
    } else {
      for (const name of own) row[name] = null;
    }
  }
  return true;
}

/** Undefined leaves the column to its default. */
function valueFor(column: Column, marker: string): unknown {
  const { table, name, type, check } = column;
  const hex = createHash("sha256").update(`${marker}.${table}.${name}`).digest("hex");
  const digits = String(Number.parseInt(hex.slice(0, 8), 16))
    .padStart(7, "0")
    .slice(-7);
  if (name === "call_sid") return `CA${hex.slice(0, 32)}`;
  if (column.has_default) return undefined;
  const allowed = check?.match(/ARRAY\['([^']+)'/)?.[1];
  if (allowed) return allowed;
  if (/^(.*_number|phone)$/.test(name)) return `+97250${digits}`;
  if (name.endsWith("_path")) return `media/${hex.slice(0, 16)}.mp3`;
  switch (type) {
    case "text":
      return `${marker} ${table}.${name}`;
    case "bytea":
      return Buffer.from(marker);
    case "timestamp with time zone":
      // Later columns are later: an end comes after its start.
      return new Date(Date.now() + hoursOf(name) * 3_600_000);
    case "boolean":
      return column.required ? false : undefined;
    case "jsonb":
      return column.required ? "{}" : undefined;
    case "integer":
    case "bigint":
      return column.required ? 1 : undefined;
    default:
      return undefined;
  }
}

const hoursOf = (name: string): number =>
  name.startsWith("end") || name.startsWith("exp") ? 2 : 1;
