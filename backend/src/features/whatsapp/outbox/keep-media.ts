import { problem } from "../../../http/problem.ts";
import { GuardedFetchError, type GuardedFetch } from "../../../platform/guarded-fetch.ts";
import { LARGEST_UPLOAD, type KeepUpload } from "../media/uploads.ts";
import { mediaIdOf } from "./attachments.ts";

const TIMEOUT_MS = 20_000;

/**
 * `media_url` of a message that is to be sent, as `/api/media/{id}`: such an address stays as it is,
 * and what another https address leads to is fetched and kept.
 * @throws the 400 problem for an address that leads to nothing that can be sent
 */
export type KeepMedia = (business_id: number, media_url: string) => Promise<string>;

export function createKeepMedia(deps: {
  public_base_url: string;
  guardedFetch: GuardedFetch;
  keep: KeepUpload;
}): KeepMedia {
  return async (business_id, given) => {
    const own = given.startsWith(`${deps.public_base_url}/`)
      ? given.slice(deps.public_base_url.length)
      : given;
    if (mediaIdOf(own) !== null) return own;
    const url = URL.parse(given);
    if (url?.protocol !== "https:") throw unusable("neither /api/media/{id} nor an https address");
    const { status, body, content_type } = await deps
      .guardedFetch({
        url: given,
        hosts: [url.hostname],
        max_bytes: LARGEST_UPLOAD,
        timeout_ms: TIMEOUT_MS,
      })
      .catch((error: unknown) => {
        if (error instanceof GuardedFetchError) throw unusable(error.message);
        throw error;
      });
    if (status !== 200) throw unusable(`${url.hostname} answered with status ${status}`);
    const file_name = nameIn(url.pathname);
    const kept = await deps.keep(business_id, body, { claimed_type: content_type, file_name });
    return kept.media_url;
  };
}

/** The last part of the path, as its sender wrote it. */
function nameIn(path: string): string {
  const last = path.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last).slice(0, 200);
  } catch {
    return last.slice(0, 200);
  }
}

const unusable = (message: string) =>
  problem(400, "media_unusable", "The media can't be sent.", {
    errors: [{ path: "body.media_url", message }],
  });
