import { StorageLost } from "./errors.ts";

/** The right to a business's data, among gateways on several machines; it may end at any moment. */
export interface Lease {
  /** Grows each time the business changes hands. */
  readonly epoch: number;
  /** False from before anybody else can have it. */
  held(): boolean;
}

/**
 * Asked before something is written, and again when it is on the disk: what was written while the
 * lease was held is in whatever the next holder copies, and what was written later counts as not
 * written.
 * @throws StorageLost
 */
export function mustHold(lease: Lease | undefined, path: string): void {
  if (lease && !lease.held()) {
    throw new StorageLost(`${path} belongs to another gateway by now`, path);
  }
}
