import type { ProbeAnswer } from "../probe.ts";
import type { StreamTarget } from "../load/caller.ts";

/** What is measured: the product, or the relay it is compared with. */
export interface Side {
  readonly name: string;
  /** See Ear: null without a pacer. */
  readonly least_in_hand_ms: number | null;
  sample(): Promise<ProbeAnswer>;
  /** A call comes in; where its stream is to go. `index` counts the calls that are up. */
  answer(index: number): Promise<StreamTarget>;
  /** The network tells that these calls are over. */
  over(targets: readonly StreamTarget[]): Promise<void>;
  stop(): Promise<void>;
}
