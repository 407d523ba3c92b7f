import { z } from "zod";

/** As Twilio names a call. Only its characters matter here: it is compared as it is. */
export const CallSid = z.string().regex(/^\w{1,64}$/);
