/** What the model is asked to say in a given moment. It speaks the call's language by itself. */

/** Sentences that must be said word for word are quoted. */
export function sayExactly(text: string): string {
  return `Say exactly this, word for word, and nothing else: «${text}»`;
}

export const ask_if_there =
  "The caller has been silent for a while. Ask in one short sentence whether they are still there.";

export const goodbye_no_input =
  "The caller does not answer. Say goodbye politely in one short sentence and stop.";

export const goodbye_call_cap =
  "The call has reached its time limit. Say so politely, offer to continue another time and say " +
  "goodbye, in two short sentences.";

export const goodbye = "Say a short, polite goodbye in one sentence and stop.";

export const transfer_notice =
  "Tell the caller in one short sentence that you are connecting them to a person.";

export const go_on =
  "The line to you was interrupted for a moment. Continue with what the caller needs now.";

/** How a key press is told to the model. */
export function keyPressed(digit: string): string {
  return `The caller pressed the key ${digit}.`;
}
