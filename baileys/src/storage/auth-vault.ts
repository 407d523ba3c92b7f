/** What the vault looks at in Baileys' credentials; all else is opaque. */
export interface VaultCreds {
  me?: { id: string } | undefined;
  account?: unknown;
}

/** By type, then by id; null deletes. Values: JSON with Buffers and Uint8Arrays anywhere. */
export type SignalData = Record<string, Record<string, unknown> | undefined>;

export interface SignalKeys {
  /** Ids that are not stored are left out. Rejects after the timeout (10 s). */
  get(type: string, ids: readonly string[]): Promise<Record<string, unknown>>;
  /** All of it or nothing, durable when it resolves. Rejects after the timeout (10 s). */
  set(data: SignalData): Promise<void>;
}

export type AuthOrigin =
  | { kind: "new"; archived?: string }
  /** `restored`: plain words about what was damaged and from where it came back. */
  | { kind: "ok"; restored?: string };

export interface AuthVault<Creds extends VaultCreds> {
  readonly origin: AuthOrigin;
  /** Baileys changes this object in place; then call `saveCreds`. */
  readonly creds: Creds;
  /** `creds.me.id` and `creds.account` are there. */
  paired(): boolean;
  /** Durable when it resolves. Calls that come together are one write. */
  saveCreds(): Promise<void>;
  readonly keys: SignalKeys;
  /** After a logout: nothing of the identity is left on the disk. The vault is closed. */
  erase(): Promise<void>;
  close(): Promise<void>;
}
