/** `signed_out`: the server no longer knows us; `no_business`: we no longer act for a business. */
export type Loss = "signed_out" | "no_business";
type Listener = (loss: Loss) => void;

const listeners = new Set<Listener>();

export function onSessionLost(listener: Listener): void {
  listeners.add(listener);
}

export function announceSessionLost(loss: Loss): void {
  for (const listener of listeners) listener(loss);
}
