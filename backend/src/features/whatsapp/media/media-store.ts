import { readFile, rm } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { writeFileAtomic } from "../../../platform/atomic-file.ts";
import type { Env } from "../../../platform/env.ts";
import { isInS3, openS3Store } from "./s3-store.ts";

/** Where the bytes of media are kept. */
export interface MediaStore {
  /**
   * Keeps the bytes; the same name again takes its own place.
   * @param name of this business's media, e.g. `7.jpg`
   * @returns where it is, to be stored
   */
  save(business_id: number, name: string, bytes: Buffer): Promise<string>;
  /** The bytes, or the path of a file that should have them. @throws ENOENT when they are gone */
  open(storage_path: string): Promise<Buffer | string>;
  /** @throws ENOENT when it is gone */
  read(storage_path: string): Promise<Buffer>;
  /** Also when it is gone already. */
  remove(storage_path: string): Promise<void>;
}

type Settings = Pick<Env, "DATA_DIR"> &
  Partial<
    Pick<
      Env,
      "S3_ENDPOINT" | "S3_BUCKET" | "S3_REGION" | "S3_ACCESS_KEY_ID" | "S3_SECRET_ACCESS_KEY"
    >
  >;

/**
 * New media goes to the bucket when one is configured, else to the disk; what is kept already is
 * found where it was put.
 */
export function openMediaStore(env: Settings): MediaStore {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region = "us-east-1" } = env;
  const { S3_ACCESS_KEY_ID: access_key_id, S3_SECRET_ACCESS_KEY: secret_access_key } = env;
  const files = openFileStore(env.DATA_DIR);
  if (!endpoint || !bucket || !access_key_id || !secret_access_key) return files;
  const s3 = openS3Store({ endpoint, bucket, region, access_key_id, secret_access_key });
  const at = (storage_path: string) => (isInS3(storage_path) ? s3 : files);
  return {
    save: s3.save,
    open: (storage_path) => at(storage_path).open(storage_path),
    read: (storage_path) => at(storage_path).read(storage_path),
    remove: (storage_path) => at(storage_path).remove(storage_path),
  };
}

/** Media as files under `DATA_DIR/media/<business_id>/whatsapp`. */
function openFileStore(data_dir: string): MediaStore {
  const root = resolve(data_dir, "media");
  const pathOf = (storage_path: string): string => {
    if (isInS3(storage_path)) throw new Error("the bucket that has this media is not configured");
    const path = resolve(data_dir, storage_path);
    if (!path.startsWith(root + sep)) throw new Error(`${storage_path} is not in the media folder`);
    return path;
  };
  return {
    async save(business_id, name, bytes) {
      const storage_path = join("media", String(business_id), "whatsapp", name);
      await writeFileAtomic(pathOf(storage_path), bytes);
      return storage_path;
    },
    open: async (storage_path) => pathOf(storage_path),
    read: async (storage_path) => readFile(pathOf(storage_path)),
    remove: async (storage_path) => rm(pathOf(storage_path), { force: true }),
  };
}
