import { Id } from "@agentlocator/contract";
import type { Context } from "koa";
import { z } from "zod";
import type { Database } from "../../../db/database.ts";
import { notFound } from "../../../http/problem.ts";
import { defineRoute } from "../../../http/route.ts";
import type { Route } from "../../../http/route.ts";
import { sendMedia } from "../../../http/send-media.ts";
import type { Signer } from "../../../platform/signer.ts";
import type { MediaStore } from "./media-store.ts";
import { extensionOf, isShown } from "./sniff.ts";
import { findMedia } from "./store.ts";

/** Long enough for a provider that has to try again. */
const LINK_SECONDS = 24 * 3600;
const Linked = z.tuple([Id, Id]);

interface Deps {
  db: Database;
  store: MediaStore;
  signer: Signer;
}

/** Path at which a provider may fetch the media that it has to send. */
export function linkTo(signer: Signer, business_id: number, media_id: number): string {
  return `/static/media/${signer.sign("media", [business_id, media_id], LINK_SECONDS)}`;
}

/** Media to its business alone, and to those who were given a link to it. */
export function createMediaRoutes({ db, store, signer }: Deps): Route[] {
  async function send(ctx: Context, business_id: number, id: number): Promise<void> {
    const media = await db.inBusiness(business_id, (tx) => findMedia(tx, id));
    if (!media?.storage_path || !media.content_type) throw notFound("This media");
    const { content_type, file_name } = media;
    const name = file_name || `whatsapp-${id}.${extensionOf(content_type)}`;
    ctx.attachment(name, { type: isShown(content_type) ? "inline" : "attachment" });
    await sendMedia(ctx, {
      source: await store.open(media.storage_path).catch(gone),
      content_type,
      etag: `"${media.sha256}"`,
      cache_control: "private, no-cache",
    });
  }

  return [
    defineRoute({
      id: "getMedia",
      method: "get",
      path: "/api/media/{id}",
      summary: "The picture, sound, video or document of a message; byte ranges are served",
      access: { business: "threads.read" },
      params: z.strictObject({ id: Id }),
      response: { raw: "application/octet-stream" },
      // Sending takes as long as the reader's line; no transaction waits for it.
      transaction: false,
      handler: ({ ctx, business_id, params: { id } }) => send(ctx, business_id, id),
    }),
    defineRoute({
      id: "getLinkedMedia",
      method: "get",
      path: "/static/media/{token}",
      summary: "The same for a provider that has to send it",
      access: { public: "the address is signed and short-lived" },
      params: z.object({ token: z.string().max(500) }),
      response: { raw: "application/octet-stream" },
      handler: async ({ ctx, params: { token } }) => {
        const linked = Linked.safeParse(signer.verify("media", token));
        if (!linked.success) throw notFound("This media");
        await send(ctx, ...linked.data);
      },
    }),
  ];
}

function gone(error: NodeJS.ErrnoException): never {
  throw error.code === "ENOENT" ? notFound("This media") : error;
}
