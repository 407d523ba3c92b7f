/**
 * What is known of the caller's turn at hand: who began it, whether the agent owes an answer to
 * it, and where in the caller's audio it lies in case another session has to hear it.
 */
export class CallerTurn {
  /** Since when the model has been hearing speech; null while it hears none. */
  model_speech_at: number | null = null;
  /** When the last turn entered the conversation. */
  committed_at = -Infinity;
  /** Position in the caller's audio where unanswered speech begins; null when there is none. */
  unanswered_ms: number | null = null;
  /** The speech at hand is the caller's, not somebody's behind while the agent spoke. */
  private accepted = true;
  /** What is being heard was said before: another session hears it again. */
  private replayed = false;

  /** @param over_agent the agent was being heard and can be interrupted */
  modelSpeechStarted(now: number, over_agent: boolean): void {
    this.model_speech_at = now;
    this.accepted = !over_agent;
  }

  accept(): void {
    this.accepted = true;
  }

  /** A new session is given the unanswered speech. */
  replay(): void {
    this.replayed = true;
  }

  /** Our own ears heard speech begin at this position of the caller's audio. */
  began(position_ms: number): void {
    this.unanswered_ms ??= Math.max(0, position_ms);
  }

  /**
   * The turn is in the conversation.
   * @param last_loud_at the caller's last loud frame by our own ears, if any
   * @returns whether it is to be answered
   */
  committed(now: number, speaking: boolean, last_loud_at: number | null): boolean {
    const began = this.model_speech_at ?? now;
    const loud_at = last_loud_at ?? -Infinity;
    // A turn ended by us and by the model at once is one turn.
    const something_new = this.model_speech_at !== null || speaking || loud_at > this.committed_at;
    const by_our_ears = speaking || loud_at >= began;
    const answer = something_new && (this.accepted || by_our_ears || this.replayed);
    this.model_speech_at = null;
    this.committed_at = now;
    this.accepted = true;
    this.replayed = false;
    return answer;
  }

  /** The answer is heard, or what was said is known as text. */
  settled(still_speaking: boolean): void {
    if (!still_speaking) this.unanswered_ms = null;
  }

  /** The model's session is gone. */
  sessionLost(): void {
    this.model_speech_at = null;
    this.replayed = false;
  }
}
