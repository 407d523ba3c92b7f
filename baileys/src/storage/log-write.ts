import { replaceFile, writeAll } from "./files.ts";
import { inBlocks, logFile } from "./log-file.ts";
import type { LogFile, Place } from "./log-file.ts";
import { BLOCK_BYTES, changeBytes, encodeBody, encodeFrame, newHeader } from "./log-format.ts";
import type { Change } from "./log-format.ts";
import type { Sealer } from "./sealer.ts";

/** Small frames: damage to the head of one takes little with it. */
const FRAME_TARGET_BYTES = 64 * 1024;

export type Add = (change: Change) => Promise<void>;

export interface WriteSteps {
  /** A change will lie there. */
  placed?: (change: Change, place: Place) => void;
  /** The new file is whole, and the old one still in its place. */
  ready?: () => Promise<void>;
  /** The new one is in its place, open, and belongs to whoever is told so. */
  replaced?: (file: LogFile) => void;
}

/**
 * Writes a whole log in the place of the one that is there, if any; on the disk when it resolves.
 * @param fill hands over the changes
 */
export async function writeLogFile(
  path: string,
  sealer: Sealer,
  fill: (add: Add) => Promise<void>,
  { placed, ready, replaced }: WriteSteps = {},
): Promise<void> {
  const { header, bytes } = newHeader(sealer.fingerprint);
  let end = bytes.length;
  await replaceFile(
    path,
    async (file) => {
      await writeAll(file, bytes, 0);
      let held: Change[] = [];
      let held_bytes = 0;

      async function flush(): Promise<void> {
        const blocks = inBlocks(held);
        const bodies = blocks.map((block) => sealer.seal(encodeBody(block)));
        const { frame, starts } = encodeFrame(header.marker, bodies);
        for (const [i, block] of blocks.entries()) {
          const place = { offset: end + starts[i]!, length: BLOCK_BYTES + bodies[i]!.length };
          for (const change of block) placed?.(change, place);
        }
        held = [];
        held_bytes = 0;
        await writeAll(file, frame, end);
        end += frame.length;
      }

      await fill(async (change) => {
        held.push(change);
        held_bytes += changeBytes(change);
        if (held_bytes >= FRAME_TARGET_BYTES) await flush();
      });
      if (held.length > 0) await flush();
    },
    {
      ...(ready && { ready }),
      ...(replaced && {
        replaced: (handle) => replaced(logFile(path, handle, header.marker, end, sealer)),
      }),
    },
  );
}
