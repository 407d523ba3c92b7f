import { z } from "zod";
import { Id, Time } from "./common.ts";

export const Role = z.enum(["system_admin", "owner", "agent"]);
export type Role = z.infer<typeof Role>;

export const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());
export const Password = z.string().min(10).max(200);

export const UserStatus = z.enum(["active", "suspended"]);

export const User = z
  .object({
    id: Id,
    business_id: Id.nullable(),
    email: z.string(),
    name: z.string(),
    role: Role,
    status: UserStatus,
    created_at: Time,
  })
  .meta({ id: "User" });
export type User = z.infer<typeof User>;

/** The people of a business; the agency's admins are made at setup. */
export const BusinessRole = z.enum(["owner", "agent"]);

/** A user as the business's owners see them. */
export const TeamMember = User.extend({
  /** They have no password yet: a link lets them choose one. */
  invited: z.boolean(),
}).meta({ id: "TeamMember" });
export type TeamMember = z.infer<typeof TeamMember>;

/** Without a password the user is invited: they choose one themselves. */
export const UserCreate = z
  .strictObject({
    email: Email,
    name: z.string().trim().min(1).max(200),
    role: BusinessRole,
    password: Password.optional(),
  })
  .meta({ id: "UserCreate" });

export const UserPatch = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    role: BusinessRole,
    status: UserStatus,
    password: Password,
  })
  .partial()
  .meta({ id: "UserPatch" });

/** A link that sets a user's password, once; nobody is shown it a second time. */
export const PasswordLink = z
  .object({ url: z.string(), expires_at: Time })
  .meta({ id: "PasswordLink" });
