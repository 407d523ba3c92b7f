import { AsyncLocalStorage } from "node:async_hooks";

const in_simulator = new AsyncLocalStorage<true>();
let installed = false;

/**
 * Runs the simulator's own Signal work without what libsignal prints of it, keys among it. What a
 * client in the same process makes libsignal print still appears: that is the client's to hush.
 */
export function quietly<T>(run: () => Promise<T>): Promise<T> {
  if (!installed) install();
  return in_simulator.run(true, run);
}

function install(): void {
  installed = true;
  for (const level of ["log", "info", "warn", "error"] as const) {
    const print = console[level].bind(console);
    console[level] = (...values: unknown[]) => {
      if (!in_simulator.getStore()) print(...values);
    };
  }
}
