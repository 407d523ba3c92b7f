import { z } from "zod";
import { Id, Phone, Time } from "./common.ts";

export const Contact = z
  .object({
    id: Id,
    name: z.string(),
    phone: Phone.nullable(),
    whatsapp_lid: z.string().nullable(),
    created_at: Time,
  })
  .meta({ id: "Contact" });
export type Contact = z.infer<typeof Contact>;

export const ContactCreate = z
  .strictObject({
    name: z.string().trim().max(200).default(""),
    phone: z.string().max(40),
  })
  .meta({ id: "ContactCreate" });
export const ContactPatch = z
  .strictObject({ name: z.string().trim().max(200), phone: z.string().max(40) })
  .partial()
  .meta({ id: "ContactPatch" });
