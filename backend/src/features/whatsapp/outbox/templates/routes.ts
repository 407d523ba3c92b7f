import { page, PageQuery, WhatsappTemplate } from "@agentlocator/contract";
import { defineRoute, type Route } from "../../../../http/route.ts";
import { listTemplates } from "./store.ts";
import { syncTemplates, type TemplateDeps } from "./sync.ts";

/** More than an account has, for one answer. */
const ALL = { limit: 200 };

export function templateRoutes(deps: TemplateDeps): Route[] {
  return [
    defineRoute({
      id: "listWhatsappTemplates",
      method: "get",
      path: "/api/whatsapp/templates",
      summary: "Twilio's WhatsApp templates; only approved ones go outside of the 24 hours",
      access: { business: "threads.read" },
      query: PageQuery,
      response: page(WhatsappTemplate),
      handler: ({ tx, query }) => listTemplates(tx, query),
    }),
    defineRoute({
      id: "syncWhatsappTemplates",
      method: "post",
      path: "/api/whatsapp/templates/sync",
      summary: "Fetches the templates and their approval from Twilio; answers the first of them",
      access: { business: "threads.write" },
      response: page(WhatsappTemplate),
      rate_limit: { points: 10, seconds: 60 },
      transaction: false,
      handler: async ({ business_id }) => {
        await syncTemplates(deps, [business_id]);
        return deps.db.inBusiness(business_id, (tx) => listTemplates(tx, ALL));
      },
    }),
  ];
}
