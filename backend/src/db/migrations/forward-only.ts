/** A released schema is left by restoring a backup: going back would lose what was written since. */
export async function forwardOnly(): Promise<void> {
  throw new Error("migrations only go forward; go back by restoring a backup");
}
