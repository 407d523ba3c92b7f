type Listener = () => void;

const listeners = new Set<Listener>();

/** Calls `listener` when the server no longer knows this session; returns the way to stop. */
export function onSignedOut(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function announceSignedOut(): void {
  for (const listener of listeners) listener();
}
