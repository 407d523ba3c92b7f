import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

export interface ServiceOptions {
  readonly name: string;
  /** The module that Node runs, absolute. */
  readonly module: string;
  readonly env: NodeJS.ProcessEnv;
  /** Wait before the first restart; doubles with each death in a row, up to 30 s. */
  readonly restart_ms: number;
  /** Deaths in a row, without 30 s of life between them, after which it is not coming up. */
  readonly give_up_after?: number;
  /**
   * The module says when it is up, by any message; one that dies before that is given up, unless it
   * ends with EX_TEMPFAIL: then it is started again until it comes up.
   */
  onMessage?(message: unknown): void;
  say(line: string): void;
}

export interface Service {
  /** Settles with an exit code when it will not be started again without having been asked to end. */
  readonly gave_up: Promise<number>;
  send(message: object): void;
  /** SIGTERM, and SIGKILL when it has not ended within `patience_ms`. */
  stop(patience_ms: number): Promise<void>;
  kill(): void;
}

/** sysexits' EX_CONFIG: starting again would not help. */
export const EXIT_CONFIG = 78;
/** sysexits' EX_TEMPFAIL: what the module needs is not there yet. */
const EXIT_TRY_AGAIN = 75;
const SETTLED_MS = 30_000;
const NOT_YET_MS = 5_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Runs a Node module as a child of its own and starts it again when it dies. It is in a session of
 * its own, so that Ctrl-C reaches only the parent, which ends things in order. The module must end
 * by itself when its channel disconnects: then this process was killed, and a child that stayed
 * would hold the port and the data.
 */
export function supervise(options: ServiceOptions): Service {
  let child: ChildProcess | undefined;
  let stopping = false;
  let deaths = 0;
  let tries = 0;
  let came_up = false;
  let ended: Promise<void> = Promise.resolve();
  const { promise: gave_up, resolve: giveUp } = Promise.withResolvers<number>();

  function start(): void {
    const started_at = Date.now();
    child = fork(options.module, { env: options.env, detached: true });
    child.on("message", (message) => {
      came_up = true;
      tries = 0;
      options.onMessage?.(message);
    });
    ended = new Promise((done) => {
      child?.once("error", (error) => {
        options.say(`${options.name} can't be started: ${error.message}`);
      });
      child?.once("exit", (code, signal) => {
        done();
        if (!stopping) void revive(code, signal, Date.now() - started_at);
      });
    });
  }

  async function startLater(wait_ms: number) {
    await delay(wait_ms, undefined, { ref: false });
    if (!stopping) start();
  }

  async function revive(code: number | null, signal: string | null, lived_ms: number) {
    if (code === EXIT_TRY_AGAIN) {
      if (tries === 0) options.say(`${options.name} can't start yet; it is tried until it can.`);
      return startLater(Math.min(options.restart_ms * 2 ** tries++, NOT_YET_MS));
    }
    deaths = lived_ms < SETTLED_MS ? deaths + 1 : 1;
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    const never_up = options.onMessage !== undefined && !came_up;
    if (code === EXIT_CONFIG || never_up || deaths >= (options.give_up_after ?? Infinity)) {
      options.say(`${options.name} ${how}.`);
      giveUp(code || 1);
      return;
    }
    const wait_ms = Math.min(options.restart_ms * 2 ** (deaths - 1), LONGEST_WAIT_MS);
    options.say(`${options.name} ${how}; starting it again in ${wait_ms / 1000} s.`);
    return startLater(wait_ms);
  }

  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const kill = () => void child?.kill("SIGKILL");
  start();
  return {
    gave_up,
    send: (message) => void child?.send(message),
    async stop(patience_ms) {
      stopping = true;
      if (!alive()) return;
      child?.kill("SIGTERM");
      const late = await Promise.race([ended, delay(patience_ms, "late", { ref: false })]);
      if (late) {
        options.say(`${options.name} did not end within ${patience_ms / 1000} s: killed.`);
        kill();
        await ended;
      }
    },
    kill() {
      stopping = true;
      kill();
    },
  };
}
