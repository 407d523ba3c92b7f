import type { Knex } from "knex";
import { foundation } from "./20261120_1000_foundation.ts";
import { people } from "./20261120_1100_people.ts";
import { inbox } from "./20261120_1240_inbox.ts";
import { whatsapp } from "./20261120_1300_whatsapp.ts";
import { outbox } from "./20261120_1310_outbox.ts";
import { channel } from "./20261120_1320_channel.ts";
import { chat } from "./20261120_1330_chat.ts";
import { passwordLinks } from "./20261120_1340_password_links.ts";
import { figures } from "./20261120_1410_figures.ts";
import { gatewayLeases } from "./20261120_1450_gateway_leases.ts";
import { schemaFloor } from "./20261120_1520_schema_floor.ts";
import { alertMails } from "./20261120_1530_alert_mails.ts";
import { backups } from "./20261120_1530_backups.ts";
import { ownNumber } from "./20261120_1600_own_number.ts";

const list: Record<string, Knex.Migration> = {
  "20261120_1000_foundation": foundation,
  "20261120_1100_people": people,
  "20261120_1240_inbox": inbox,
  "20261120_1300_whatsapp": whatsapp,
  "20261120_1310_outbox": outbox,
  "20261120_1320_channel": channel,
  "20261120_1330_chat": chat,
  "20261120_1340_password_links": passwordLinks,
  "20261120_1410_figures": figures,
  "20261120_1450_gateway_leases": gatewayLeases,
  "20261120_1520_schema_floor": schemaFloor,
  "20261120_1530_alert_mails": alertMails,
  "20261120_1530_backups": backups,
  "20261120_1600_own_number": ownNumber,
};

/** Named without extension and imported statically, so a name means the same however it is run. */
export const migrations: Knex.MigrationSource<string> = {
  getMigrations: async () => Object.keys(list).toSorted(),
  getMigrationName: (name) => name,
  getMigration: async (name) => list[name]!,
};
