import { randomUUID } from "node:crypto";
import type { Bus, JsonValue } from "./bus/index.ts";

const TOPIC = "presence";
/** A process that serves answers within a few milliseconds; one that hangs is none. */
const ANSWERS_MS = 1000;

type Message = { from: string; asks: boolean };

/** Whether other processes serve beside this one. Each of them says so itself when it is asked. */
export function createPresence(bus: Bus) {
  const me = randomUUID();
  let serving = false;
  let othersServe: () => void = () => undefined;
  const tell = (asks: boolean) => bus.publish(TOPIC, { from: me, asks } satisfies Message);
  const unsubscribe = bus.subscribe(TOPIC, (text: JsonValue) => {
    const { from, asks } = text as Message;
    if (from === me) return;
    if (!asks) othersServe();
    else if (serving) void tell(false);
  });

  return {
    /** From now on this process can take over from others. */
    enter(): void {
      serving = true;
    },
    /** This process takes over from nobody any more; true when another one serves. */
    async leave(): Promise<boolean> {
      serving = false;
      const answered = new Promise<boolean>((resolve) => {
        othersServe = () => resolve(true);
        setTimeout(() => resolve(false), ANSWERS_MS);
      });
      await tell(true);
      const others = await answered;
      unsubscribe();
      return others;
    },
  };
}
