import { z } from "zod";
import { Id, Time } from "./common.ts";

export const Role = z.enum(["system_admin", "owner", "agent"]);
export type Role = z.infer<typeof Role>;

export const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());
export const Password = z.string().min(10).max(200);

export const User = z
  .object({
    id: Id,
    business_id: Id.nullable(),
    email: z.string(),
    name: z.string(),
    role: Role,
    status: z.enum(["active", "suspended"]),
    created_at: Time,
  })
  .meta({ id: "User" });
export type User = z.infer<typeof User>;
