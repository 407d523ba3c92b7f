/** Base of what can be wrong with stored data; `message` is plain words for a person. */
export class StorageError extends Error {
  override name = "StorageError";
  /** The file or folder that it is about. */
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** The bytes are damaged, or a file is missing beside its siblings, and no good copy is left. */
export class StorageCorrupt extends StorageError {
  override name = "StorageCorrupt";
}

/** Another process owns the folder. */
export class StorageLocked extends StorageError {
  override name = "StorageLocked";
}

/** The data may be well, but not for this process: another APP_SECRET, permissions, the disk. */
export class StorageUnreadable extends StorageError {
  override name = "StorageUnreadable";
}

/** The lease under which the data was this process's is over. */
export class StorageLost extends StorageError {
  override name = "StorageLost";
}
