import type { Row } from "./every-table.ts";

/** What is used here of a JSON schema in an OpenAPI document. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  minItems?: number;
  items?: Schema;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

interface Parameter {
  name: string;
  in: "path" | "query";
  required?: boolean;
  schema: Schema;
}

export interface OpenApi {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        parameters?: Parameter[];
        requestBody?: { content: { "application/json"?: { schema: Schema } } };
        security?: unknown[];
        responses: Record<string, { content?: Record<string, unknown> }>;
      }
    >
  >;
  components?: { schemas?: Record<string, Schema> };
}

export interface Operation {
  id: string;
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** With its parameters: `/api/tasks/{id}`. */
  path: string;
  public: boolean;
  query: Parameter[];
  body: Schema | null;
  /** The media type of its answer, null for none. */
  answers: string | null;
}

/** Each operation that an OpenAPI document has under `/api`. */
export function operations(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(() => path.startsWith("/api/"))
      .map(([method, spec]) => ({
        id: spec.operationId,
        method: method.toUpperCase() as Operation["method"],
        path,
        public: spec.security?.length === 0,
        query: spec.parameters?.filter((parameter) => parameter.in === "query") ?? [],
        body: spec.requestBody?.content["application/json"]?.schema ?? null,
        answers:
          Object.keys(
            Object.entries(spec.responses).find(([status]) => status.startsWith("2"))?.[1]
              .content ?? {},
          )[0] ?? null,
      })),
  );
}

/** Table whose rows a field or a parameter names, by its name; null when it names none. */
export function tableOf(name: string): string | null {
  if (name === "assigned_to" || name === "created_by") return "users";
  if (name === "call_sid") return "calls";
  if (name === "business_id") return "businesses";
  return /^[a-z_]+_id$/.test(name) ? `${name.slice(0, -3)}s` : null;
}

/** The value by which the row of `table` is named. */
export function keyOf(rows: ReadonlyMap<string, Row>, table: string): unknown {
  const row = rows.get(table);
  if (!row) throw new Error(`no row of ${table} to try with`);
  return table === "calls" ? row.call_sid : row.id;
}

/**
 * The path with the keys of `rows`. An `{id}` is a row of the table that the segment before it
 * names, every other parameter says its table itself.
 * @throws when there is no such row: then the route could not be tried, and that is an error
 */
export function fillPath(path: string, rows: ReadonlyMap<string, Row>): string {
  return path.replaceAll(/(?:([\w-]+)\/)?\{(\w+)\}/g, (_, before: string, name: string) => {
    const table = name === "id" ? before.replaceAll("-", "_") : tableOf(name);
    if (!table) throw new Error(`what does {${name}} of ${path} name?`);
    return `${before}/${encodeURIComponent(String(keyOf(rows, table)))}`;
  });
}

/** The smallest value that fits the schema; an object has its required properties only. */
export function sample(schema: Schema, document: OpenApi, name = ""): unknown {
  if (schema.$ref) {
    return sample(document.components!.schemas![schema.$ref.split("/").at(-1)!]!, document, name);
  }
  const choice = (schema.anyOf ?? schema.oneOf)?.[0];
  if (choice) return sample(choice, document, name);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((key) => [
          key,
          sample(schema.properties![key]!, document, key),
        ]),
      );
    case "array":
      return (schema.prefixItems ?? Array(schema.minItems ?? 0).fill(schema.items)).map((item) =>
        sample(item, document, name),
      );
    case "integer":
    case "number":
      return Math.max(schema.minimum ?? 0, (schema.exclusiveMinimum ?? 0) + 1);
    case "boolean":
      return true;
    case "string":
      return text(schema, name);
    default:
      return null;
  }
}

function text(schema: Schema, name: string): string {
  // What begins, begins on this Sunday, and what ends, ends the day after.
  const day = /^(to|end)/.test(name) ? "2027-01-04" : "2027-01-03";
  if (schema.format === "date-time") return `${day}T10:00:00.000Z`;
  if (schema.format === "date") return day;
  if (schema.format === "email") return "somebody@shop.example";
  if (schema.format === "uri") return "https://shop.example/";
  if (/phone|number|^to$/.test(name)) return "+972501112233";
  return "x".repeat(Math.max(schema.minLength ?? 0, 12));
}

/** Properties of the body, at any depth of references in the document. */
export function propertiesOf(schema: Schema | null, document: OpenApi): Record<string, Schema> {
  if (!schema) return {};
  if (schema.$ref) {
    return propertiesOf(document.components!.schemas![schema.$ref.split("/").at(-1)!]!, document);
  }
  return schema.properties ?? {};
}
