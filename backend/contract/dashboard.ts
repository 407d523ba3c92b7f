import { z } from "zod";

/** Figures of the acting business; its days begin at midnight in its own time zone. */
export const Dashboard = z
  .object({
    calls_today: z.number().int(),
    /** Served by the agent; a call that is still going on counts. */
    calls_answered_today: z.number().int(),
    /** Sent to the record fallback. */
    calls_fallback_today: z.number().int(),
    calls_live: z.number().int(),
    /** From the caller's last word to the agent's first sound, over today's answers. */
    answer_ms_median: z.number().nullable(),
    appointments_today: z.number().int(),
    appointments_booked_today: z.number().int(),
    appointments_upcoming: z.number().int(),
    tasks_open: z.number().int(),
    threads_unread: z.number().int(),
    /** The last 14 days, oldest first, today last. */
    days: z.array(
      z.object({
        date: z.iso.date(),
        calls: z.number().int(),
        answered: z.number().int(),
        fallback: z.number().int(),
        appointments_booked: z.number().int(),
      }),
    ),
  })
  .meta({ id: "Dashboard" });
export type Dashboard = z.infer<typeof Dashboard>;
