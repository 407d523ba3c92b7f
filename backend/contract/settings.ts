import { z } from "zod";
import { Locale, TimeZone } from "./common.ts";

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, "HH:MM");
const Range = z.tuple([Clock, Clock]).refine(([from, to]) => from < to, "must end after it starts");

export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const DayHours = z
  .array(Range)
  .max(6)
  .refine(
    (ranges) => ranges.every((range, i) => i === 0 || ranges[i - 1]![1] <= range[0]),
    "ranges must be in order and not overlap",
  );

/** Opening hours in the business's own time zone; a missing or empty day is closed. */
export const BusinessHours = z
  .strictObject({
    sun: DayHours,
    mon: DayHours,
    tue: DayHours,
    wed: DayHours,
    thu: DayHours,
    fri: DayHours,
    sat: DayHours,
  })
  .partial();
export type BusinessHours = z.infer<typeof BusinessHours>;

/** Voice activity: dB above the noise floor, and milliseconds. */
export const Vad = z.strictObject({
  threshold_db: z.number().min(3).max(40),
  grace_ms: z.number().int().min(0).max(2000),
  confirm_ms: z.number().int().min(40).max(1000),
});
export type Vad = z.infer<typeof Vad>;

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "HH:MM");

/** Each day, in the business's zone; `from` may be later than `to`: then it is over midnight. */
export const QuietHours = z
  .strictObject({ from: TimeOfDay, to: TimeOfDay })
  .refine(({ from, to }) => from !== to, "must not end when they begin");
export type QuietHours = z.infer<typeof QuietHours>;

const fields = {
  ai_prompt: z.string().max(20_000),
  greeting: z.string().max(1000),
  greeting_mode: z.enum(["realtime", "play"]),
  voice: z.string().regex(/^[a-z0-9_-]{1,40}$/i),
  language: Locale,
  timezone: TimeZone,
  business_hours: BusinessHours,
  slot_minutes: z.number().int().min(5).max(480),
  closed_dates: z.array(z.iso.date()).max(400),
  vad: Vad,
  barge_in: z.boolean(),
  whatsapp_provider: z.enum(["auto", "baileys", "twilio"]),
  /** Whether the gateway may write to somebody who never wrote to it, which risks its account. */
  whatsapp_write_first: z.boolean(),
  ai_enabled_calls: z.boolean(),
  ai_enabled_whatsapp: z.boolean(),
  /** How long a person's reply pauses the agent on a thread; 0: until the thread is given back. */
  human_pause_minutes: z.number().int().min(0).max(10_080),
  /** When the agent does not write on WhatsApp by itself; null: it answers at any hour. */
  quiet_hours: QuietHours.nullable(),
  transfer_number: z.string().max(40).nullable(),
  /** Whether the owners are mailed about what nobody has seen in the console. */
  alerts_by_mail: z.boolean(),
};

export const Settings = z.object(fields).meta({ id: "Settings" });
export type Settings = z.infer<typeof Settings>;

export const SettingsPatch = z.strictObject(fields).partial().meta({ id: "SettingsPatch" });
export type SettingsPatch = z.infer<typeof SettingsPatch>;

/** What a new business starts with. */
export const DEFAULT_SETTINGS: Omit<Settings, "timezone" | "language"> = {
  ai_prompt: "",
  greeting: "",
  greeting_mode: "realtime",
  voice: "marin",
  business_hours: {
    sun: [["09:00", "17:00"]],
    mon: [["09:00", "17:00"]],
    tue: [["09:00", "17:00"]],
    wed: [["09:00", "17:00"]],
    thu: [["09:00", "17:00"]],
    fri: [],
    sat: [],
  },
  slot_minutes: 30,
  closed_dates: [],
  vad: { threshold_db: 10, grace_ms: 300, confirm_ms: 120 },
  barge_in: true,
  whatsapp_provider: "auto",
  whatsapp_write_first: false,
  ai_enabled_calls: true,
  ai_enabled_whatsapp: true,
  human_pause_minutes: 60,
  quiet_hours: null,
  transfer_number: null,
  alerts_by_mail: true,
};
