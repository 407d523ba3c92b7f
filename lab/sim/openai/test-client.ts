import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

/** A server event, loosely: tests look into it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type ServerEvent = Record<string, any> & { type: string };

/** A bare Realtime client for the simulator's own tests. */
export class TestClient {
  readonly events: ServerEvent[] = [];
  readonly ws: WebSocket;
  closed: { code: number } | null = null;
  #seen = 0;
  #wake: (() => void) | null = null;

  constructor(base_url: string, headers: Record<string, string> = { authorization: "Bearer k" }) {
    const url = `${base_url.replace("http", "ws")}/realtime?model=gpt-realtime-2.1`;
    this.ws = new WebSocket(url, { headers });
    this.ws.on("error", () => {});
    this.ws.on("message", (data) => {
      this.events.push(parse(String(data)));
      this.#wake?.();
    });
    this.ws.on("close", (code) => {
      this.closed = { code };
      this.#wake?.();
    });
  }

  send(type: string, fields: object = {}): void {
    this.ws.send(JSON.stringify({ type, ...fields }));
  }

  /** The next event of this type after the last one waited for. Throws when the socket closes. */
  async next(type: string, timeout_ms = 5000): Promise<ServerEvent> {
    const deadline = AbortSignal.timeout(timeout_ms);
    for (;;) {
      const at = this.events.findIndex((event, i) => i >= this.#seen && event.type === type);
      if (at >= 0) {
        this.#seen = at + 1;
        return this.events[at]!;
      }
      const seen = this.events.slice(this.#seen).map((event) => event.type);
      if (deadline.aborted || this.closed) throw new Error(`no ${type} among ${seen.join(", ")}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  async close(): Promise<number> {
    if (!this.closed) await new Promise((resolve) => this.ws.once("close", resolve));
    return this.closed!.code;
  }

  /** Sends µ-law as a telephone does, but `speed` times as fast. */
  async speak(audio: Buffer, speed = 10): Promise<void> {
    for (let at = 0; at < audio.length; at += 160) {
      const frame = audio.subarray(at, at + 160).toString("base64");
      this.send("input_audio_buffer.append", { audio: frame });
      await sleep(20 / speed);
    }
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }
}

/** What is not JSON becomes an event of type `broken`. */
function parse(text: string): ServerEvent {
  try {
    return JSON.parse(text) as ServerEvent;
  } catch {
    return { type: "broken" };
  }
}

/** session.update as the product would send it. */
export function sessionUpdate(changes: object = {}, detection: object | null = {}): object {
  return {
    session: {
      type: "realtime",
      output_modalities: ["audio"],
      instructions: "ענה בעברית",
      audio: {
        input: {
          format: { type: "audio/pcmu" },
          transcription: { model: "gpt-transcribe", language: "he" },
          turn_detection: detection && {
            type: "server_vad",
            threshold: 0.5,
            silence_duration_ms: 300,
            ...detection,
          },
        },
        output: { format: { type: "audio/pcmu" }, voice: "marin" },
      },
      ...changes,
    },
  };
}
