import { z } from "zod";

/** A row's id: a positive integer. */
export const Id = z.coerce.number().int().positive().max(2_147_483_647);

/** ISO 8601 with offset, e.g. `2026-11-20T09:00:00.000+02:00` or `…Z`. */
export const Time = z.iso.datetime({ offset: true });

const GIVEN_YEAR = /^(19|20|21)\d\d-/;
const GIVEN_OFFSET = /(Z|[+-](0\d|1[0-4]):\d\d)$/;

/**
 * A time as it is taken in: of the years in which a business lives and with an offset that a place
 * on earth has, since PostgreSQL would refuse others much later.
 */
export const GivenTime = Time.refine(
  (text) => text.length <= 40 && GIVEN_YEAR.test(text) && GIVEN_OFFSET.test(text),
  // One error is enough for what is no time at all.
  { error: "not a time of these years and this earth", when: ({ issues }) => issues.length === 0 },
);

/** E.164, e.g. `+972501234567`. */
export const Phone = z.string().regex(/^\+[1-9]\d{6,14}$/);

/** IANA time zone known to this runtime, e.g. `Asia/Jerusalem`. */
export const TimeZone = z
  .string()
  .max(64)
  .refine((zone) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  }, "unknown time zone");

/** BCP 47 tags the product speaks. */
export const Locale = z.enum(["he", "he-IL", "en", "en-US", "en-GB"]);

/** Query of every list: newest first, `cursor` as given by the page before. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});

/** A list's answer: `{ items, next_cursor }`; a null cursor means the end. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

export const Empty = z.strictObject({});

/** RFC 9457 problem details. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    request_id: z.string(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;
