import { join } from "node:path";
import type { LoadModel } from "../load/model.ts";
import type { Side } from "./side.ts";
import { callSid } from "./call-sid.ts";
import { startMeasured } from "./measured-process.ts";

const relay = join(import.meta.dirname, "../relay.ts");

/** The bare relay as a process of its own. */
export async function startRelay(options: {
  model: LoadModel;
  log_fd: number;
  profile_dir: string | null;
}): Promise<Side> {
  const { model, log_fd, profile_dir } = options;
  const url = `${model.base_url.replace(/^http/, "ws")}/realtime?model=bench`;
  const env = { MODEL_URL: url, MODEL_KEY: model.api_key };
  const child = await startMeasured({ module: relay, env, log_fd, profile_dir });
  const address = `ws://127.0.0.1:${child.port}`;
  return {
    name: "bare relay",
    least_in_hand_ms: null,
    sample: child.sample,
    answer: async () => ({ call_sid: callSid(), account_sid: "", address, parameters: {} }),
    over: async () => undefined,
    stop: child.stop,
  };
}
