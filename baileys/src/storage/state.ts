/** What a restart has to know about a business's session. */
export interface StoredState {
  /** Why it must not start by itself (`logged_out`, `replaced`, `forbidden`, …); null: it may. */
  stopped: string | null;
  /** ISO time of the last change of `stopped`. */
  since: string | null;
  /** For a person; never key material. */
  detail: string | null;
  /** `creds.me.id` of the pairing; kept by the auth vault. */
  paired_as: string | null;
}

export interface StateFile {
  get(): Readonly<StoredState>;
  /** Durable when it resolves. */
  set(change: Partial<Omit<StoredState, "since" | "paired_as">>): Promise<void>;
}
