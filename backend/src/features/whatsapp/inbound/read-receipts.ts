import { z } from "zod";
import type { Database } from "../../../db/database.ts";
import type { JobHandlers } from "../../../db/jobs.ts";
import type { Logger } from "../../../platform/log.ts";
import { GatewayRefused } from "../channel/index.ts";
import type { GatewayClient } from "../channel/index.ts";

interface Deps {
  db: Database;
  log: Logger;
  /** null when no gateway is configured */
  gateway: Pick<GatewayClient, "read"> | null;
}

/** Some minutes; a receipt that comes later than that tells nobody anything. */
const ATTEMPTS = 6;

const Payload = z.object({ message_ids: z.array(z.number().int()) });

/** `whatsapp.read`: shows customers that what they wrote was read, as far as the provider can. */
export function readReceiptJobs({ db, log, gateway }: Deps): JobHandlers {
  return {
    async "whatsapp.read"({ business_id, ...payload }, { job }) {
      if (!gateway) return;
      const { message_ids } = Payload.parse(payload);
      const messages = await db.inBusiness(business_id, ({ trx }) =>
        trx("messages")
          .whereIn("id", message_ids)
          .where("provider", "baileys")
          .whereNotNull("remote_jid")
          .select<{ id: string; remoteJid: string }[]>({
            id: "provider_msg_id",
            remoteJid: "remote_jid",
          }),
      );
      if (messages.length === 0) return;
      try {
        await gateway.read(business_id, messages);
      } catch (error) {
        const last = error instanceof GatewayRefused || job.attempts >= ATTEMPTS;
        if (!last) throw error;
        log.warn({ err: error, biz: business_id }, "[WA-ERROR] read receipts were not sent");
      }
    },
  };
}
