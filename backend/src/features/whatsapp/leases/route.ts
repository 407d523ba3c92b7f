import { GatewayLeases, GatewayLeasesAsked } from "@agentlocator/contract";
import type { Database } from "../../../db/database.ts";
import { invalidInput, notFound } from "../../../http/problem.ts";
import { defineRoute } from "../../../http/route.ts";
import type { Route } from "../../../http/route.ts";
import { signedByGateway } from "../gateway-signature.ts";
import { renewLeases } from "./renew.ts";

interface Deps {
  db: Database;
  secret: string | undefined;
  ttl_seconds: number;
}

/** Where gateways ask which businesses are theirs. */
export function leaseRoute({ db, secret, ttl_seconds }: Deps): Route {
  return defineRoute({
    id: "gatewayLeases",
    method: "post",
    path: "/internal/gateway-leases",
    summary: "A WhatsApp gateway renews its leases; not reachable through the proxy",
    access: { public: "HMAC with the secret that is shared with the gateway, and never proxied" },
    response: GatewayLeases,
    handler: async ({ ctx }) => {
      if (ctx.get("X-Forwarded-For") !== "") throw notFound();
      const raw = signedByGateway(ctx, secret);
      const asked = GatewayLeasesAsked.safeParse(parse(raw));
      if (!asked.success) throw invalidInput(asked.error, "body");
      return db.inSystem((tx) => renewLeases(tx, asked.data, ttl_seconds));
    },
  });
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
