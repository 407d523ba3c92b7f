/**
 * Named deadlines of one call, checked by the call's tick: arming and disarming cost nothing,
 * and a call that ends leaves no timer behind. `Name` lists what can be waited for.
 */
export class Deadlines<Name extends string> {
  private readonly entries = new Map<Name, { at: number; run: () => void }>();

  /** Replaces an earlier deadline of that name. `at` is in the clock's milliseconds. */
  set(name: Name, at: number, run: () => void): void {
    this.entries.set(name, { at, run });
  }

  clear(...names: Name[]): void {
    for (const name of names) this.entries.delete(name);
  }

  clearAll(): void {
    this.entries.clear();
  }

  has(name: Name): boolean {
    return this.entries.has(name);
  }

  /** Runs what is due, each once. */
  check(now: number): void {
    if (this.entries.size === 0) return;
    for (const [name, entry] of this.entries) {
      if (entry.at > now) continue;
      this.entries.delete(name);
      entry.run();
    }
  }
}
