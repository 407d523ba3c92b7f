import type { MediaStream } from "./media-stream.ts";
import type { CallRecorder, Clock, EndReason, Ledger, VoiceLog } from "./ports.ts";

const recorder_patience_ms = 1_000;
const close_patience_ms = 1_000;

/**
 * Closes the carrier's leg once the recorder knows how the call ended: the carrier asks at once
 * what comes next. Neither a slow recorder nor a peer that does not close can hold the socket.
 */
export function hangUp(
  media: MediaStream,
  recorder: CallRecorder,
  outcome: { reason: EndReason; ledger: Ledger },
  { clock, log }: { clock: Clock; log: VoiceLog },
): void {
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    media.close(1000, "");
    clock.after(close_patience_ms, () => media.terminate());
  };
  const cancel = clock.after(recorder_patience_ms, close);
  Promise.resolve()
    .then(() => recorder.ended(outcome.reason, outcome.ledger))
    .catch((error: unknown) => log.error({ error: String(error) }, "[CALL] recorder failed"))
    .finally(() => {
      cancel();
      close();
    });
}
