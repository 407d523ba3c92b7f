import type { Appliance } from "./engine.ts";

/** What people would miss. The rest is sessions, jobs, and what is noted about a restore itself. */
const TABLES = [
  ...["businesses", "settings", "contacts", "threads", "messages", "media", "appointments"],
  ...["calendars", "calls", "call_turns", "greetings", "tool_calls", "whatsapp_templates"],
];

/** The data of an appliance, to be compared. */
export class Contents {
  readonly #appliance: Appliance;

  constructor(appliance: Appliance) {
    this.#appliance = appliance;
  }

  /** Fingerprints of the rows of each table, of the people, and of the files. */
  async read(): Promise<Record<string, string>> {
    const rows = TABLES.map((table) => {
      // Receipts come in whenever a telephone is looked at.
      const row = table === "messages" ? "to_jsonb(t) - 'status'" : "to_jsonb(t)";
      return `select '${table}', count(*), md5(string_agg((${row})::text, '' order by (${row})::text))
        from ${table} t`;
    });
    const people = `select 'users', count(*), md5(string_agg(email || password_hash, '' order by id))
      from users`;
    const sql = [...rows, people].join(" union all ");
    const psql = ["psql", "-qtAX", "-U", "postgres", "-d", "agentlocator", "-c", sql];
    const tables = await this.#appliance.must(
      "docker",
      "compose",
      "exec",
      "-T",
      "postgres",
      ...psql,
    );
    const media = "cd /source/data && find media -type f -exec sha256sum {} + 2>/dev/null | sort";
    // The identity that WhatsApp knows; the rest of a pairing moves with every message.
    const auth = "cd /source/whatsapp && find . -path '*/auth/*' -type f | sort";
    const files = (find: string) => {
      const run = ["compose", "run", "--rm", "-T", "--no-deps", "--entrypoint", "sh", "backup"];
      return this.#appliance.must("docker", ...run, "-c", find);
    };
    return { tables, media: await files(media), auth: await files(auth) };
  }
}
