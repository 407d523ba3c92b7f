import type { JobHandlers } from "../../../../db/jobs.ts";
import { syncTemplates, type TemplateDeps } from "./sync.ts";

/** `sync_whatsapp_templates`: each night, so that what WhatsApp decided is known. */
export function templateJobs(deps: TemplateDeps): JobHandlers {
  return {
    async sync_whatsapp_templates() {
      if (!deps.client) return;
      const ids = await deps.db.inSystem(({ trx }) => trx("businesses").pluck("id"));
      await syncTemplates(deps, ids);
    },
  };
}
