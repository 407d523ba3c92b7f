import {
  Id,
  page,
  PageQuery,
  PasswordLink,
  TeamMember,
  UserCreate,
  UserPatch,
} from "@agentlocator/contract";
import { z } from "zod";
import { pageById } from "../../http/page.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { audit } from "../audit/index.ts";
import { changeUser } from "./change-user.ts";
import type { UsersDeps } from "./deps.ts";
import { linkForUser } from "./link-for-user.ts";
import { insertUser, requireUser, users } from "./store.ts";

const params = z.strictObject({ id: Id });
const manage = { business: "users.manage" } as const;

/** The people of the business, managed by its owners. */
export function userRoutes(deps: UsersDeps): Route[] {
  const { db, passwords } = deps;
  return [
    defineRoute({
      id: "listUsers",
      method: "get",
      path: "/api/users",
      summary: "The business's users",
      access: manage,
      query: PageQuery,
      response: page(TeamMember),
      handler: ({ tx, query }) => pageById<TeamMember>(users(tx), query),
    }),
    defineRoute({
      id: "getUser",
      method: "get",
      path: "/api/users/{id}",
      summary: "One user",
      access: manage,
      params,
      response: TeamMember,
      handler: ({ tx, params }) => requireUser(tx, params.id),
    }),
    defineRoute({
      id: "createUser",
      method: "post",
      path: "/api/users",
      summary: "Add a user; without a password they are invited to choose one",
      access: manage,
      body: UserCreate,
      response: TeamMember,
      status: 201,
      // Here and below, a password is hashed while no transaction is open.
      transaction: false,
      handler: async ({ body: { password, ...person }, business_id, session }) => {
        const password_hash = password === undefined ? null : await passwords.hash(password);
        return db.inBusiness(business_id, async (tx) => {
          const user = await insertUser(tx, { ...person, password_hash });
          const subject = `user:${user.id}`;
          const detail = { role: user.role };
          await audit(tx, { actor: session, action: "user.created", subject, detail });
          return user;
        });
      },
    }),
    defineRoute({
      id: "updateUser",
      method: "patch",
      path: "/api/users/{id}",
      summary: "Change, suspend or reinstate a user",
      access: manage,
      params,
      body: UserPatch,
      response: TeamMember,
      transaction: false,
      handler: async ({ params, body: { password, ...change }, business_id, session }) => {
        const hashed =
          password === undefined ? {} : { password_hash: await passwords.hash(password) };
        const changed = await db.inBusiness(business_id, (tx) =>
          changeUser(tx, session, params.id, { ...change, ...hashed }),
        );
        deps.sessionsEnded(business_id);
        return changed;
      },
    }),
    defineRoute({
      id: "createPasswordLink",
      method: "post",
      path: "/api/users/{id}/password-link",
      summary: "A one-time link with which a user chooses a password, good for a week",
      access: manage,
      params,
      response: PasswordLink,
      status: 201,
      handler: ({ tx, params, session }) => linkForUser(deps, tx, session, params.id),
    }),
  ];
}
