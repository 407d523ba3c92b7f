import { Id, page, PageQuery, User, UserCreate, UserPatch } from "@agentlocator/contract";
import { z } from "zod";
import type { Database } from "../../db/database.ts";
import { pageById } from "../../http/page.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { audit } from "../audit/index.ts";
import type { Passwords } from "../auth/index.ts";
import { changeUser } from "./change-user.ts";
import { insertUser, requireUser, users } from "./store.ts";

const params = z.strictObject({ id: Id });
const manage = { business: "users.manage" } as const;

/** The people of the business, managed by its owners. */
export function userRoutes({ db, passwords }: { db: Database; passwords: Passwords }): Route[] {
  return [
    defineRoute({
      id: "listUsers",
      method: "get",
      path: "/api/users",
      summary: "The business's users",
      access: manage,
      query: PageQuery,
      response: page(User),
      handler: ({ tx, query }) => pageById<User>(users(tx), query),
    }),
    defineRoute({
      id: "getUser",
      method: "get",
      path: "/api/users/{id}",
      summary: "One user",
      access: manage,
      params,
      response: User,
      handler: ({ tx, params }) => requireUser(tx, params.id),
    }),
    defineRoute({
      id: "createUser",
      method: "post",
      path: "/api/users",
      summary: "Add a user",
      access: manage,
      body: UserCreate,
      response: User,
      status: 201,
      // Here and below, a password is hashed while no transaction is open.
      transaction: false,
      handler: async ({ body: { password, ...person }, business_id, session }) => {
        const password_hash = await passwords.hash(password);
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
      response: User,
      transaction: false,
      handler: async ({ params, body: { password, ...change }, business_id, session }) => {
        const hashed =
          password === undefined ? {} : { password_hash: await passwords.hash(password) };
        return db.inBusiness(business_id, (tx) =>
          changeUser(tx, session, params.id, { ...change, ...hashed }),
        );
      },
    }),
  ];
}
