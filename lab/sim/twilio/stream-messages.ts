import { z } from "zod";

const streamSid = z.string();

/** What a server may send on a bidirectional media stream. */
export const serverMessage = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("media"),
    streamSid,
    media: z.strictObject({ payload: z.base64().min(1) }),
  }),
  z.strictObject({
    event: z.literal("mark"),
    streamSid,
    mark: z.strictObject({ name: z.string().min(1) }),
  }),
  z.strictObject({ event: z.literal("clear"), streamSid }),
]);
