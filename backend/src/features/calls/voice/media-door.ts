import type { CallSession } from "./call-session.ts";
import type { Admission, Admit, Clock, MediaSocket, VoiceLog } from "./ports.ts";
import type { Wire } from "./text-frames.ts";
import type { StreamMessage } from "./twilio-messages.ts";
import { LedgerBook } from "./ledger-book.ts";
import { MediaStream } from "./media-stream.ts";

/** A socket that does not say who it is within this is closed. */
const start_ms = 5_000;
const close_patience_ms = 1_000;
/** Frames kept while an asynchronous admission is decided: 5 s. */
const most_early_frames = 250;
/** What `ws` reports when the connection broke off. */
const broken_off = 1006;

export interface DoorDeps {
  admit: Admit;
  /** Begins the call of an admitted stream. */
  begin(admission: Admission, media: MediaStream): CallSession;
  /** The socket is a call now. */
  admitted(): void;
  clock: Clock;
  log: VoiceLog;
}

type Start = Extract<StreamMessage, { event: "start" }>;

/** One media socket from its opening to its end: nobody, then a call or a refusal. */
export class MediaDoor {
  private readonly media: MediaStream;
  private readonly deps: DoorDeps;
  private readonly cancelStart: () => void;
  private session: CallSession | null = null;
  private decided = false;
  private stopped = false;
  private early: { payload: Buffer; bytes: Buffer; at: number }[] = [];

  constructor(socket: MediaSocket, wire: Wire, deps: DoorDeps) {
    this.deps = deps;
    const { clock, log } = deps;
    this.cancelStart = clock.after(start_ms, () => {
      if (!this.decided) this.refuse("no start message");
    });
    const events = {
      start: (start: Start) => this.onStart(start),
      frame: (payload: Buffer, bytes: Buffer, length: number, at: number) => {
        if (this.session) this.session.frame(payload, bytes, length, at);
        else this.keep(payload, bytes.subarray(0, length), at);
      },
      mark: (name: string, at: number) => this.session?.mark(name, at),
      dtmf: (digit: string) => this.session?.dtmf(digit),
      stop: () => {
        this.stopped = true;
        this.gone("hung_up");
      },
      closed: (code: number) => {
        this.gone(this.stopped || code !== broken_off ? "hung_up" : "lost");
      },
      overflow: () => this.session?.fail("backpressure", "the carrier reads too slowly"),
      fault: (error: unknown) => {
        if (this.session) this.session.crash(error);
        else this.refuse("internal error");
      },
    };
    this.media = new MediaStream(socket, wire, events, clock, log);
  }

  private onStart({ stream_sid, call_sid, account_sid, parameters }: Start): void {
    const { admit, log } = this.deps;
    const start = { stream_sid, call_sid, account_sid, parameters };
    const decision = admit(start, (reason) => this.media.close(1008, reason));
    if (!(decision instanceof Promise)) return this.decide(decision);
    decision
      .then((admission) => this.decide(admission))
      .catch((error: unknown) => {
        log.error({ error: String(error) }, "[CALL] fault while admitting a stream");
        if (this.session) this.session.crash(error);
        else this.refuse("not admitted");
      });
  }

  private decide(admission: Admission | null): void {
    if (this.decided) {
      // The caller hung up while it was decided; what was opened for the call is closed again.
      void admission?.recorder.ended("caller_hung_up", new LedgerBook(() => undefined).snapshot());
      return;
    }
    if (admission === null) return this.refuse("not admitted");
    this.decided = true;
    this.cancelStart();
    this.deps.admitted();
    this.session = this.deps.begin(admission, this.media);
    for (const { payload, bytes, at } of this.early.splice(0)) {
      this.session.frame(payload, bytes, bytes.length, at);
    }
  }

  private keep(payload: Buffer, bytes: Buffer, at: number): void {
    if (this.decided || this.early.length >= most_early_frames) return;
    this.early.push({ payload: Buffer.from(payload), bytes: Buffer.from(bytes), at });
  }

  private refuse(reason: string): void {
    this.decided = true;
    this.early = [];
    this.cancelStart();
    this.deps.log.warn({ reason }, "[CALL] media stream refused");
    this.media.close(1008, reason);
    this.deps.clock.after(close_patience_ms, () => this.media.terminate());
  }

  private gone(kind: "hung_up" | "lost"): void {
    this.decided = true;
    this.early = [];
    this.cancelStart();
    this.session?.gone(kind);
  }
}
