import type { Knex } from "knex";
import { foundation } from "./20261120_1000_foundation.ts";
import { people } from "./20261120_1100_people.ts";
import { inbox } from "./20261120_1240_inbox.ts";
import { whatsapp } from "./20261120_1300_whatsapp.ts";

const list: Record<string, Knex.Migration> = {
  "20261120_1000_foundation": foundation,
  "20261120_1100_people": people,
  "20261120_1240_inbox": inbox,
  "20261120_1300_whatsapp": whatsapp,
};

/** Named without extension and imported statically, so a name means the same however it is run. */
export const migrations: Knex.MigrationSource<string> = {
  getMigrations: async () => Object.keys(list).toSorted(),
  getMigrationName: (name) => name,
  getMigration: async (name) => list[name]!,
};
