import { interruptions, noise, sentences, type Sentence } from "./sounds.ts";

const polite_ms = [500, 1500] as const;
/** Early enough for more than a second of the shortest answer to be left. */
const interrupt_after_ms = [500, 1000] as const;
const interrupt_every = 4;
const patience_ms = 6_000;

/** What the caller perceives of the agent. */
export interface Agent {
  /** Whether the agent is being heard now. */
  audible(now: number): boolean;
}

/** A frame to send, and whether with it an interruption becomes audible. */
export interface Spoken {
  payload: string;
  onset: "sound" | "loud" | "both" | null;
}

/** One caller: listens, speaks in turn, and now and then into the agent's words. */
export class Conversation {
  /** Told what is being said, for the model's transcript. */
  saying: Sentence | null = null;
  /** Turns that the agent has not answered in time. */
  unanswered = 0;
  private state: "waiting" | "hearing" | "speaking" = "waiting";
  private since: number;
  private quiet_since = 0;
  private gap_ms = 0;
  private position = 0;
  private noise_at: number;
  private turn: number;
  private interrupting = false;
  private readonly random: () => number;
  private readonly agent: Agent;

  constructor(agent: Agent, random: () => number, now: number) {
    this.agent = agent;
    this.random = random;
    this.since = now;
    // The greeting, which comes first, is heard out.
    this.turn = Math.floor(random() * (interrupt_every - 1));
    this.noise_at = Math.floor(random() * noise.length);
  }

  /** The next 20 ms. */
  next(now: number): Spoken {
    if (this.state !== "speaking") this.listen(now);
    if (this.state === "speaking") return this.speak(now);
    this.noise_at = (this.noise_at + 1) % noise.length;
    return { payload: noise[this.noise_at]!, onset: null };
  }

  private listen(now: number): void {
    const audible = this.agent.audible(now);
    if (this.state === "waiting") {
      if (audible) {
        this.state = "hearing";
        this.since = now;
        this.interrupting = ++this.turn % interrupt_every === 0;
        this.gap_ms = this.draw(this.interrupting ? interrupt_after_ms : polite_ms);
      } else if (now - this.since > patience_ms) {
        this.unanswered++;
        this.begin(sentences);
      }
      return;
    }
    if (audible) this.quiet_since = now;
    if (this.interrupting && audible) {
      if (now - this.since >= this.gap_ms) this.begin(interruptions);
    } else if (now - this.quiet_since >= this.gap_ms) {
      this.interrupting = false;
      this.begin(sentences);
    }
  }

  private begin(choice: readonly Sentence[]): void {
    this.state = "speaking";
    this.saying = choice[Math.floor(this.random() * choice.length)] ?? null;
    this.position = 0;
  }

  private speak(now: number): Spoken {
    const sentence = this.saying!;
    const at = this.position++;
    const payload = sentence.frames[at]!;
    const onset = this.interrupting ? onsetAt(sentence, at) : null;
    if (this.position >= sentence.frames.length) {
      this.state = "waiting";
      this.since = now;
      this.interrupting = false;
    }
    return { payload, onset };
  }

  private draw([low, high]: readonly [number, number]): number {
    return low + (high - low) * this.random();
  }
}

function onsetAt({ first_sound, first_loud }: Sentence, at: number): Spoken["onset"] {
  if (at === first_sound && at === first_loud) return "both";
  if (at === first_sound) return "sound";
  return at === first_loud ? "loud" : null;
}
