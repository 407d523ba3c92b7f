import type { CallLimits } from "./limits.ts";
import type { CallBrief, Clock, FailureKind, VoiceLog } from "./ports.ts";
import type { CloseKind, ModelConnection, ModelListener, RealtimeModel } from "./realtime-model.ts";

export interface LinkEvents {
  /** A session is ready that knows nothing of the call yet. `first`: the call's first. */
  up(connection: ModelConnection, first: boolean): void;
  /** The session is gone and another is being opened. */
  down(detail: string): void;
  /** No session yet: another attempt follows. */
  retrying(): void;
  /** No session can be had. */
  failed(kind: FailureKind, detail: string): void;
}

const pause_between_attempts_ms = 300;
const pause_between_renewals_ms = 15_000;

const failure_of: Readonly<Record<CloseKind, FailureKind>> = {
  unreachable: "model_unreachable",
  refused: "model_refused",
  expired: "model_closed",
  lost: "model_closed",
};

/**
 * The call's line to the model: opens a session (or takes the one opened when the webhook came),
 * opens another when it is lost, and renews it before the provider ends it.
 */
export class ModelLink {
  /** The session in use; null while there is none that is ready. */
  connection: ModelConnection | null = null;
  private opening: ModelConnection | null = null;
  private renewal: ModelConnection | null = null;
  private attempts = 0;
  private incident_at = 0;
  private up_at = 0;
  private renewal_at = -Infinity;
  private first = true;
  private closed = false;
  private cancelRetry: () => void = () => undefined;
  private readonly deps: {
    model: RealtimeModel;
    brief: CallBrief;
    limits: CallLimits;
    clock: Clock;
    log: VoiceLog;
    listener: Omit<ModelListener, "ready" | "closed">;
    events: LinkEvents;
  };

  constructor(deps: ModelLink["deps"]) {
    this.deps = deps;
  }

  /** Begins. `parked` is a session opened beforehand, ready or not, or closed already. */
  open(parked: ModelConnection | null): void {
    this.incident_at = this.deps.clock.now();
    this.attempt(parked);
  }

  /** Gives the present session up and opens another. */
  replace(detail: string): void {
    if (this.closed) return;
    this.deps.log.warn({ detail }, "[REALTIME-ERROR] opening another model session");
    const now = this.deps.clock.now();
    if (this.connection !== null) {
      this.attempts = 0;
      this.incident_at = now;
    }
    this.drop();
    this.deps.events.down(detail);
    this.attempt(null);
  }

  /** The model proved itself: the next loss starts counting anew. */
  healthy(): void {
    this.attempts = 0;
  }

  /** To be called at pauses: renews an old session, first in the background. */
  renewIfOld(now: number): void {
    if (this.connection === null || now - this.up_at < this.deps.limits.renew_after_ms) return;
    if (this.renewal === null) this.startRenewal(now);
    else if (this.renewal.state === "ready") this.swap(this.renewal);
  }

  close(): void {
    this.closed = true;
    this.drop();
  }

  private attempt(parked: ModelConnection | null): void {
    this.attempts++;
    let connection: ModelConnection;
    try {
      connection = parked ?? this.deps.model.connect(this.deps.brief);
    } catch (error) {
      return this.onClosed("refused", String(error));
    }
    this.opening = connection;
    connection.listen(
      this.listenerFor(connection, {
        ready: () => this.onReady(connection),
        closed: (kind, detail) => this.onClosed(kind, detail),
      }),
    );
  }

  private listenerFor(
    connection: ModelConnection,
    own: Pick<ModelListener, "ready" | "closed">,
  ): ModelListener {
    const isCurrent = () => !this.closed && this.connection === connection;
    const guarded = Object.fromEntries(
      Object.entries(this.deps.listener).map(([name, handle]) => [
        name,
        (...args: never[]) => {
          if (isCurrent()) (handle as (...args: never[]) => void)(...args);
        },
      ]),
    ) as unknown as Omit<ModelListener, "ready" | "closed">;
    return { ...guarded, ...own };
  }

  private onReady(connection: ModelConnection): void {
    if (this.closed || this.opening !== connection) return;
    this.opening = null;
    this.use(connection);
  }

  private use(connection: ModelConnection): void {
    this.connection = connection;
    this.up_at = this.deps.clock.now();
    const first = this.first;
    this.first = false;
    this.deps.events.up(connection, first);
  }

  private onClosed(kind: CloseKind, detail: string): void {
    if (this.closed) return;
    const { limits, clock, log, events } = this.deps;
    const now = clock.now();
    const was_up = this.connection !== null;
    this.drop();
    log.warn({ kind, detail }, "[REALTIME-ERROR] model session closed");
    if (kind === "expired") this.attempts = 0;
    if (was_up) {
      this.incident_at = now;
      events.down(detail);
    }
    const late = now - this.incident_at >= limits.connect_total_ms;
    if (kind === "refused" || this.attempts >= limits.connect_attempts || late) {
      events.failed(failure_of[kind], detail);
      return;
    }
    if (!was_up) events.retrying();
    const wait = was_up ? 0 : pause_between_attempts_ms * this.attempts;
    this.cancelRetry = clock.after(wait, () => this.attempt(null));
  }

  private startRenewal(now: number): void {
    if (now - this.renewal_at < pause_between_renewals_ms) return;
    this.renewal_at = now;
    const renewal = this.deps.model.connect(this.deps.brief);
    this.renewal = renewal;
    renewal.listen(
      this.listenerFor(renewal, {
        ready: () => undefined,
        closed: (kind, detail) => {
          if (this.renewal === renewal) this.renewal = null;
          else if (this.connection === renewal) this.onClosed(kind, detail);
        },
      }),
    );
  }

  private swap(renewal: ModelConnection): void {
    this.deps.log.info({}, "[CALL] model session renewed at a pause");
    this.renewal = null;
    this.connection?.close();
    this.use(renewal);
  }

  private drop(): void {
    this.cancelRetry();
    for (const connection of [this.connection, this.opening, this.renewal]) connection?.close();
    this.connection = this.opening = this.renewal = null;
  }
}
