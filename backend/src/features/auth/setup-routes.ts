import { SessionInfo, Setup } from "@agentlocator/contract";
import { z } from "zod";
import type { SystemTx } from "../../db/database.ts";
import { violatedConstraint } from "../../db/violation.ts";
import { problem } from "../../http/problem.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import type { AuthDeps } from "./deps.ts";
import { hasAdmin, insertFirstAdmin, lockFirstAdmin } from "./first-admin.ts";
import { tokenHash } from "./session-store.ts";
import { signIn } from "./sign-in.ts";

/** The console's first page: it makes the first administrator with the token from the log. */
export function setupRoutes(deps: AuthDeps): Route[] {
  const { db, clock, passwords, log } = deps;

  /** @throws 409 when there is an administrator already; 403 when the token is not good */
  async function checkToken(tx: SystemTx, token: string): Promise<void> {
    const known = await tx
      .trx("setup_tokens")
      .where("token_hash", tokenHash(token))
      .where("expires_at", ">", new Date(clock.now()))
      .first("token_hash");
    if (known) return;
    // Asked last: an administrator who is made between the two questions took the token along.
    if (await hasAdmin(tx)) {
      throw problem(409, "already_set_up", "There is an administrator already; sign in.");
    }
    throw problem(
      403,
      "setup_token",
      "The setup token is wrong or has expired; a restart prints a new one in the log.",
      { errors: [{ path: "body.token", message: "wrong or expired" }] },
    );
  }

  return [
    defineRoute({
      id: "setupNeeded",
      method: "get",
      path: "/api/setup",
      summary: "Whether the first administrator is still to be made",
      access: { public: "asked before anybody can sign in" },
      response: z.object({ needed: z.boolean() }),
      handler: async () => ({ needed: !(await db.inSystem(hasAdmin)) }),
    }),
    defineRoute({
      id: "setup",
      method: "post",
      path: "/api/setup",
      summary: "Make the first administrator with the setup token, and sign in",
      access: { public: "guarded by the one-time setup token" },
      rate_limit: { points: 10, seconds: 15 * 60 },
      body: Setup,
      response: SessionInfo,
      status: 201,
      handler: async ({ body, ctx }) => {
        // Looked at before the costly hash, and again under the lock that makes it single use.
        await db.inSystem((tx) => checkToken(tx, body.token));
        const password_hash = await passwords.hash(body.password);
        const { email, name } = body;
        const user = await db
          .inSystem(async (tx) => {
            await lockFirstAdmin(tx);
            await checkToken(tx, body.token);
            return insertFirstAdmin(tx, { email, name, password_hash });
          })
          .catch((error: unknown) => {
            if (violatedConstraint(error) !== "users_email_key") throw error;
            throw problem(409, "email_taken", "This e-mail address has an account already.");
          });
        log.info({ user: user.id }, "[AUTH] first administrator made with the setup token");
        return signIn(deps, ctx, user, password_hash);
      },
    }),
  ];
}
