import { z } from "zod";
import type { Database } from "../../../db/database.ts";
import { notFound } from "../../../http/problem.ts";
import { defineRoute } from "../../../http/route.ts";
import type { Route } from "../../../http/route.ts";
import { sendMedia } from "../../../http/send-media.ts";
import { CallSid } from "../call-sid.ts";
import type { MediaStore } from "./media-store.ts";
import { findRecording } from "./store.ts";

/** `GET /api/calls/{call_sid}/recording`, to the call's own business alone. */
export function createRecordingRoutes({ db, media }: { db: Database; media: MediaStore }): Route[] {
  return [
    defineRoute({
      id: "getCallRecording",
      method: "get",
      path: "/api/calls/{call_sid}/recording",
      summary: "The message that a caller left; byte ranges are served",
      access: { business: "calls.read" },
      params: z.object({ call_sid: CallSid }),
      response: { raw: "audio/wav" },
      // Sending takes as long as the listener's line; no transaction waits for it.
      transaction: false,
      handler: async ({ ctx, business_id, params }) => {
        const call = await db.inBusiness(business_id, (tx) => findRecording(tx, params.call_sid));
        if (!call?.recording_path || !call.recording_content_type) throw notFound("This recording");
        await sendMedia(ctx, {
          source: media.pathOf(call.recording_path),
          content_type: call.recording_content_type,
          etag: `"${call.recording_sid}"`,
          cache_control: "private, no-cache",
        });
      },
    }),
  ];
}
