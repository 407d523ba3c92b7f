import { z } from "zod";
import { Business } from "./business.ts";
import { Id } from "./common.ts";
import { Email, Password, User } from "./user.ts";

/** A given e-mail, as it is compared; what can't be one is just an unknown account. */
const GivenEmail = z.string().trim().toLowerCase().min(1).max(254);
const GivenPassword = z.string().min(1).max(200);

export const Login = z
  .strictObject({
    email: GivenEmail,
    password: GivenPassword,
    totp: z.string().max(20).optional(),
  })
  .meta({ id: "Login" });

/** Who is signed in, and in which business they act. */
export const SessionInfo = z
  .object({
    user: User,
    tenant: Business.nullable(),
    impersonating: z.boolean(),
    csrf_token: z.string(),
    demo: z.boolean(),
  })
  .meta({ id: "SessionInfo" });
export type SessionInfo = z.infer<typeof SessionInfo>;

export const PasswordChange = z
  .strictObject({ current_password: GivenPassword, new_password: Password })
  .meta({ id: "PasswordChange" });

export const PasswordForgotten = z
  .strictObject({ email: GivenEmail })
  .meta({ id: "PasswordForgotten" });

export const PasswordReset = z
  .strictObject({ token: z.string().trim().min(1).max(200), password: Password })
  .meta({ id: "PasswordReset" });

export const Setup = z
  .strictObject({
    token: z.string().trim().min(1).max(200),
    email: Email,
    name: z.string().trim().min(1).max(200),
    password: Password,
  })
  .meta({ id: "Setup" });

export const Impersonation = z.strictObject({ business_id: Id }).meta({ id: "Impersonation" });
