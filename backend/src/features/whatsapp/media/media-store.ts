import { readFile, rm } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { writeFileAtomic } from "../../../platform/atomic-file.ts";

/** Where the bytes of media are kept. */
export interface MediaStore {
  /**
   * Keeps the bytes; the same name again takes its own place.
   * @param name of this business's media, e.g. `7.jpg`
   * @returns where it is, to be stored
   */
  save(business_id: number, name: string, bytes: Buffer): Promise<string>;
  /** The bytes, or the path of a file with them. Opening what is gone may only fail later. */
  open(storage_path: string): Promise<Buffer | string>;
  /** @throws ENOENT when it is gone */
  read(storage_path: string): Promise<Buffer>;
  /** Also when it is gone already. */
  remove(storage_path: string): Promise<void>;
}

/** Media as files under `DATA_DIR/media/<business_id>/whatsapp`. */
export function openFileStore(data_dir: string): MediaStore {
  const root = resolve(data_dir, "media");
  const pathOf = (storage_path: string): string => {
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
    read: (storage_path) => readFile(pathOf(storage_path)),
    remove: (storage_path) => rm(pathOf(storage_path), { force: true }),
  };
}
