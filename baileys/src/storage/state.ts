import type { Logger } from "pino";
import { coalesced } from "./coalesce.ts";
import { readDocument, writeDocument } from "./document.ts";
import { StorageCorrupt } from "./errors.ts";
import type { Lease } from "./lease.ts";
import type { Sealer } from "./sealer.ts";

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
  set(change: { stopped?: string | null; detail?: string | null }): Promise<void>;
}

export interface OwnStateFile extends StateFile {
  setPairedAs(id: string | null): Promise<void>;
}

const NOTHING: StoredState = { stopped: null, since: null, detail: null, paired_as: null };

/** Opens the state; one that can't be read any more is reported and begun anew. */
export async function openState(
  path: string,
  sealer: Sealer,
  {
    log,
    now,
    lease,
    notices,
  }: { log: Logger; now: () => number; lease: Lease | undefined; notices: string[] },
): Promise<OwnStateFile> {
  let state = NOTHING;
  const save = coalesced(() => writeDocument(path, state, { sealer, now, lease }));
  try {
    const stored = await readDocument(path, sealer);
    if (stored) state = { ...NOTHING, ...(stored.value as StoredState) };
    if (stored?.plain) await writeDocument(path, state, { sealer, now, lease, copy: "same" });
    else if (stored?.from_copy)
      await writeDocument(path, state, { sealer, now, lease, copy: "left" });
    if (stored?.from_copy) notices.push(`${path} was damaged; what it held before is used`);
  } catch (error) {
    if (!(error instanceof StorageCorrupt)) throw error;
    log.error({ err: error }, "[WA-ERROR] why a session was stopped can't be read any more");
    notices.push(error.message);
  }

  async function change(part: Partial<StoredState>): Promise<void> {
    state = { ...state, ...part };
    await save();
  }

  return {
    get: () => state,
    set: (part) =>
      change({
        ...part,
        ...("stopped" in part && { since: new Date(now()).toISOString() }),
      }),
    setPairedAs: (paired_as) => change({ paired_as }),
  };
}
