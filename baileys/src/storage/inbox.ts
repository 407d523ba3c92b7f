/** Something the backend has to hear about. */
export interface InboxEntry {
  /** Unique in the business, e.g. `message:<id>`; the same key is recorded once while it waits. */
  key: string;
  /** Entries of one thread are delivered in the order in which they were recorded. */
  thread: string;
  /** JSON with Buffers and Uint8Arrays anywhere. */
  data: unknown;
}

export interface Inbox {
  /**
   * Durable when it resolves: only then may the receipt go out. False when the key waits already.
   * Rejects with the file system's error (disk full): then there must be no receipt.
   */
  record(entry: InboxEntry): Promise<boolean>;
  /** What waits, oldest first; `at`: ms since the epoch. */
  waiting(): { key: string; thread: string; at: number }[];
  has(key: string): boolean;
  read(key: string): Promise<InboxEntry | undefined>;
  /** Delivered: it is forgotten. */
  done(key: string): Promise<void>;
  /** Calls back after each new record; one listener (the delivery). */
  onRecord(listener: (head: { key: string; thread: string; at: number }) => void): void;
}
