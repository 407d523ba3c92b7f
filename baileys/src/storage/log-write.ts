import { replaceFile, writeAll } from "./files.ts";
import { logFile } from "./log-file.ts";
import type { LogFile, Place } from "./log-file.ts";
import { FRAME_BYTES, RECORD_BYTES, encodeBody, encodeFrame, newHeader } from "./log-format.ts";
import type { Change } from "./log-format.ts";
import type { Sealer } from "./sealer.ts";

/** Small frames: damage to one takes little with it. */
const FRAME_TARGET_BYTES = 64 * 1024;

/**
 * Writes a whole log in the place of the one that is there, if any; on the disk when it resolves.
 * @param fill hands over the records, each with a place where it will lie
 * @param steps `ready`: the new file is whole and the old one still in its place; `replaced`: the
 *   new one is in its place, open, and belongs to whoever is told so
 */
export async function writeLogFile(
  path: string,
  sealer: Sealer,
  fill: (add: (change: Change) => Promise<Place>) => Promise<void>,
  steps: { ready?: () => Promise<void>; replaced?: (file: LogFile) => void } = {},
): Promise<void> {
  const { header, bytes } = newHeader(sealer.fingerprint);
  const { ready, replaced } = steps;
  let end = bytes.length;
  await replaceFile(
    path,
    async (file) => {
      await writeAll(file, bytes, 0);
      let bodies: Buffer[] = [];
      let held = 0;

      async function flush(): Promise<void> {
        if (bodies.length === 0) return;
        const { frame } = encodeFrame(header.marker, bodies);
        bodies = [];
        held = 0;
        await writeAll(file, frame, end);
        end += frame.length;
      }

      await fill(async (change) => {
        const body = sealer.seal(encodeBody(change));
        const place = { offset: end + FRAME_BYTES + held, length: RECORD_BYTES + body.length };
        bodies.push(body);
        held += place.length;
        if (held >= FRAME_TARGET_BYTES) await flush();
        return place;
      });
      await flush();
    },
    {
      ...(ready && { ready }),
      ...(replaced && {
        replaced: (handle) => replaced(logFile(path, handle, header.marker, end, sealer)),
      }),
    },
  );
}
