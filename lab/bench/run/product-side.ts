import { join } from "node:path";
import { default_limits } from "../../../backend/src/features/calls/voice/limits.ts";
import { tick_ms } from "../../../backend/src/features/calls/voice/ticker.ts";
import { startEmbeddedPostgres } from "../../../backend/src/db/embedded.ts";
import { freePort } from "../../../backend/test/free-port.ts";
import { signIn } from "../../demo/api.ts";
import { parseTwiml } from "../../sim/twilio/twiml.ts";
import { callWebhook, reach, type Network } from "../../sim/twilio/webhook.ts";
import type { StreamTarget } from "../load/caller.ts";
import type { LoadModel } from "../load/model.ts";
import { frame_ms } from "../load/tags.ts";
import { greeting } from "../load/sounds.ts";
import { callSid } from "./call-sid.ts";
import { startMeasured } from "./measured-process.ts";
import type { Side } from "./side.ts";

const main = join(import.meta.dirname, "../../../backend/src/main.ts");
const admin = { email: "agency@example.com", password: "agency-password" };
const account_sid = `AC${"b".repeat(32)}`;
const public_base_url = "https://phone.example";
/** Below the product's own limit of calls at a time for one business. */
const calls_a_business = 50;

/** The backend as it runs in earnest, with a real PostgreSQL and everything on. */
export async function startProduct(options: {
  model: LoadModel;
  calls: number;
  data_dir: string;
  log_fd: number;
  profile_dir: string | null;
}): Promise<Side> {
  const { model, data_dir, log_fd, profile_dir } = options;
  const postgres = await startEmbeddedPostgres({ data_dir: join(data_dir, "postgres") });
  const port = await freePort();
  const auth_token = "bench-token";
  const target = `http://127.0.0.1:${port}`;
  const network: Network = { public_base_url, target, auth_token };
  const env = {
    DATABASE_URL: postgres.url,
    DATA_DIR: join(data_dir, "backend"),
    PORT: String(port),
    HOST: "127.0.0.1",
    PUBLIC_BASE_URL: public_base_url,
    APP_SECRET: "bench-bench-bench-bench-bench-bench",
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    OPENAI_API_KEY: model.api_key,
    OPENAI_BASE_URL: model.base_url,
    TWILIO_ACCOUNT_SID: account_sid,
    TWILIO_AUTH_TOKEN: auth_token,
    NODE_ENV: "production",
  };
  const child = await startMeasured({ module: main, env, log_fd, profile_dir }).catch(
    async (error: unknown) => {
      await postgres.stop();
      throw error;
    },
  );
  const numbers = await addBusinesses(target, Math.ceil(options.calls / calls_a_business));

  const webhook = async (path: string, call_sid: string, fields: Record<string, string>) => {
    const params = { AccountSid: account_sid, CallSid: call_sid, Direction: "inbound", ...fields };
    const answer = await callWebhook(`${public_base_url}/webhook/${path}`, params, network);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new Error(`/webhook/${path} answered ${answer.status}: ${answer.body}`);
  };

  return {
    name: "AgentLocator",
    least_in_hand_ms: default_limits.lead_ms - 2 * tick_ms - frame_ms,
    sample: child.sample,

    async answer(index) {
      const call_sid = callSid();
      const From = `+97252${String(1_000_000 + index)}`;
      const To = numbers[index % numbers.length]!;
      const twiml = await webhook("incoming_call", call_sid, { From, To, CallStatus: "ringing" });
      return streamTarget(twiml, call_sid, network);
    },

    async over(targets) {
      for (const { call_sid } of targets) {
        await webhook("call_status", call_sid, { CallStatus: "completed" });
      }
    },

    async stop() {
      await child.stop();
      await postgres.stop();
    },
  };
}

async function addBusinesses(base_url: string, count: number): Promise<string[]> {
  const agency = await signIn(base_url, admin);
  const numbers: string[] = [];
  for (let i = 0; i < count; i++) {
    const phone_number = `+9723200${String(i).padStart(4, "0")}`;
    const owner = { email: `owner${i}@example.com`, name: "בעלים", password: "owner-password" };
    await agency.post("/api/admin/businesses", {
      ...{ name: `עסק ${i}`, phone_number, owner },
      ...{ timezone: "Asia/Jerusalem", locale: "he" },
    });
    const session = await signIn(base_url, owner);
    await session.patch("/api/settings", { greeting: greeting.text });
    numbers.push(phone_number);
  }
  return numbers;
}

function streamTarget(twiml: string, call_sid: string, network: Network): StreamTarget {
  const { verbs, problems } = parseTwiml(twiml);
  const stream = verbs.find(({ name }) => name === "Connect")?.children[0];
  const address = stream && reach(stream.attributes["url"] ?? "", network);
  if (!stream || !address || problems.length > 0) throw new Error(`not a stream: ${twiml}`);
  const parameters = Object.fromEntries(
    stream.children.map(({ attributes }) => [attributes["name"], attributes["value"]]),
  ) as Record<string, string>;
  return { call_sid, account_sid, address, parameters };
}
