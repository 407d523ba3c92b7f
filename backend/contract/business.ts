import { z } from "zod";
import { Id, Locale, Phone, Time, TimeZone } from "./common.ts";
import { Email, Password } from "./user.ts";

export const BusinessStatus = z.enum(["active", "suspended"]);

export const Business = z
  .object({
    id: Id,
    name: z.string(),
    phone_number: Phone.nullable(),
    whatsapp_number: Phone.nullable(),
    timezone: z.string(),
    locale: z.string(),
    status: BusinessStatus,
    created_at: Time,
  })
  .meta({ id: "Business" });
export type Business = z.infer<typeof Business>;

export const BusinessCreate = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    phone_number: z.string().max(40),
    whatsapp_number: z.string().max(40).optional(),
    timezone: TimeZone.default("Asia/Jerusalem"),
    locale: Locale.default("he"),
    owner: z.strictObject({
      email: Email,
      name: z.string().trim().min(1).max(200),
      password: Password,
    }),
  })
  .meta({ id: "BusinessCreate" });
export type BusinessCreate = z.infer<typeof BusinessCreate>;

export const BusinessPatch = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    phone_number: z.string().max(40).nullable(),
    whatsapp_number: z.string().max(40).nullable(),
    timezone: TimeZone,
    locale: Locale,
    status: BusinessStatus,
  })
  .partial()
  .meta({ id: "BusinessPatch" });
export type BusinessPatch = z.infer<typeof BusinessPatch>;
