import type { Clock, VoiceLog } from "./ports.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** The same clock, but a timer's fault is logged and ends there. */
export function guarded(clock: Clock, log: VoiceLog): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          log.error({ error: String(error) }, "[CALL] fault in a timer");
        }
      }),
  };
}
