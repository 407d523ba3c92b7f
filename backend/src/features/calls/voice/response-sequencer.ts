import type { ResponseOptions } from "./realtime-model.ts";

/** Why a response is asked for. */
export type Purpose = "answer" | "greeting" | "say" | "prompt" | "goodbye";

export interface ResponseRequest extends ResponseOptions {
  purpose: Purpose;
}

/** What a response brought so far. */
export interface ActiveResponse {
  /** Empty until the model has named it. */
  id: string;
  request: ResponseRequest;
  audio: boolean;
  tool_calls: number;
}

const remembered = 32;

/**
 * A session has one response at a time: requests wait their turn, the same one is not doubled,
 * and what still comes of a cancelled response is known as such.
 */
export class ResponseSequencer {
  active: ActiveResponse | null = null;
  private waiting: ResponseRequest[] = [];
  private cancel_on_start = false;
  private dropped: string[] = [];
  private readonly create: (options: ResponseOptions) => void;
  private readonly cancel: (response_id: string) => void;

  constructor(create: (options: ResponseOptions) => void, cancel: (response_id: string) => void) {
    this.create = create;
    this.cancel = cancel;
  }

  /** A response is being made or waits to be asked for. */
  get busy(): boolean {
    return this.active !== null || this.waiting.length > 0;
  }

  request(request: ResponseRequest): void {
    const same = (other: ResponseRequest) => other.instructions === request.instructions;
    if (this.waiting.some(same)) return;
    // An answer that is being made may not know what the next one is about; a sentence is itself.
    const sentence = request.instructions !== undefined;
    if (sentence && this.active && same(this.active.request) && !this.cancelled) return;
    this.waiting.push(request);
    this.next();
  }

  started(id: string): void {
    if (this.active?.id === "") this.active.id = id;
    else this.active = { id, request: { purpose: "answer" }, audio: false, tool_calls: 0 };
    if (!this.cancel_on_start) return;
    this.cancel_on_start = false;
    this.drop(id);
  }

  /** The response of that id as far as it is the active one. */
  of(id: string): ActiveResponse | null {
    return this.active?.id === id ? this.active : null;
  }

  /** Whether what comes of this response is to be thrown away. */
  isDropped(id: string): boolean {
    return this.dropped.includes(id);
  }

  /** Returns what ended; null for one that was not active (any more). */
  done(id: string): ActiveResponse | null {
    const ended = this.of(id);
    if (ended) this.active = null;
    this.next();
    return ended;
  }

  /** The model refused to make the response that was asked for; it is not asked for again. */
  refused(): ActiveResponse | null {
    if (this.active?.id !== "") return null;
    const refused = this.active;
    this.active = null;
    this.cancel_on_start = false;
    return refused;
  }

  private get cancelled(): boolean {
    return this.cancel_on_start || (this.active !== null && this.isDropped(this.active.id));
  }

  /** Nothing of what is being made or waits is wanted any more. */
  cancelAll(): void {
    this.waiting = [];
    if (this.active === null) return;
    if (this.active.id === "") this.cancel_on_start = true;
    else if (!this.isDropped(this.active.id)) this.drop(this.active.id);
  }

  /** The session is gone and everything with it. */
  reset(): void {
    this.waiting = [];
    this.active = null;
    this.cancel_on_start = false;
  }

  private drop(id: string): void {
    this.dropped.push(id);
    if (this.dropped.length > remembered) this.dropped.shift();
    this.cancel(id);
  }

  private next(): void {
    if (this.active !== null) return;
    const request = this.waiting.shift();
    if (!request) return;
    this.active = { id: "", request, audio: false, tool_calls: 0 };
    const { purpose: _, ...options } = request;
    this.create(options);
  }
}
