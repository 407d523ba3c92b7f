import { createHash } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { MediaStore } from "./media-store.ts";

export interface S3Settings {
  /** Without the bucket, e.g. `https://s3.eu-central-1.amazonaws.com` or `http://minio:9000`. */
  endpoint: string;
  bucket: string;
  region: string;
  access_key_id: string;
  secret_access_key: string;
}

const TIMEOUT_MS = 30_000;
const PREFIX = "s3://";

/** Whether this is the place of something that an S3 store keeps. */
export const isInS3 = (storage_path: string): boolean => storage_path.startsWith(PREFIX);

/** Media as objects `media/<business_id>/whatsapp/<name>` of a bucket, addressed by its path. */
export function openS3Store(settings: S3Settings): MediaStore {
  const { endpoint, bucket, region } = settings;
  const client = new AwsClient({
    accessKeyId: settings.access_key_id,
    secretAccessKey: settings.secret_access_key,
    service: "s3",
    region,
    retries: 2,
  });

  async function ask(
    method: "GET" | "PUT" | "DELETE",
    storage_path: string,
    body?: Buffer,
  ): Promise<Response> {
    const response = await client.fetch(`${endpoint}/${storage_path.slice(PREFIX.length)}`, {
      method,
      // Where it may point must not be asked with our signature.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body && {
        body: new Uint8Array(body),
        headers: { "X-Amz-Content-Sha256": createHash("sha256").update(body).digest("hex") },
      }),
    });
    if (response.ok) return response;
    await response.body?.cancel();
    const error = new Error(`the media storage answered ${response.status}`);
    throw Object.assign(error, response.status === 404 && { code: "ENOENT" });
  }

  async function read(storage_path: string): Promise<Buffer> {
    const response = await ask("GET", storage_path);
    return Buffer.from(await response.arrayBuffer());
  }

  return {
    async save(business_id, name, bytes) {
      const storage_path = `${PREFIX}${bucket}/media/${business_id}/whatsapp/${name}`;
      await (await ask("PUT", storage_path, bytes)).body?.cancel();
      return storage_path;
    },
    open: read,
    read,
    async remove(storage_path) {
      await (await ask("DELETE", storage_path)).body?.cancel();
    },
  };
}
