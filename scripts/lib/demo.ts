import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { FromDemo, ToDemo } from "../../lab/demo/messages.ts";
import { keptSecret } from "./secrets.ts";
import { supervise } from "./supervise.ts";

/** Something that was started and will have to be ended. */
export interface Running {
  stop(): Promise<void>;
  kill?(): void;
}

export interface DemoOptions {
  readonly root: string;
  readonly data_dir: string;
  /** PUBLIC_BASE_URL, which the simulators sign with. */
  readonly address: string;
  /** Where the backend is reached on this machine. */
  readonly backend_url: string;
  readonly running: Running[];
  end(code: number): void;
  say(line: string): void;
}

export interface Demo extends Running {
  /** Sends the backend to the simulators; it reaches no real provider. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for the gateway. */
  readonly gateway_env: Readonly<Record<string, string>>;
  /** Makes the demo businesses, once the backend serves; the account to log in with. */
  seed(): Promise<{ email: string; password: string }>;
}

const SIMULATORS_MS = 4_000;

/** One kept secret, a password for each account, short enough to type. */
async function passwords(data_dir: string) {
  const secret = await keptSecret(join(data_dir, "demo_secret"));
  return (account: string) =>
    createHash("sha256").update(`${secret}:${account}`).digest("base64url").slice(0, 14);
}

/** Starts the simulators of the demo in a process of their own; settles when they serve. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { address, backend_url } = options;
  const passwordOf = await passwords(options.data_dir);
  const ready = Promise.withResolvers<Pick<Demo, "env" | "gateway_env">>();
  const seeded = Promise.withResolvers<{ email: string; password: string }>();
  for (const { promise } of [ready, seeded]) promise.catch(() => undefined);

  const child = supervise({
    name: "The demo",
    module: join(options.root, "lab/demo/main.ts"),
    env: { ...process.env, DEMO_PUBLIC_BASE_URL: address, DEMO_BACKEND_URL: backend_url },
    restart_ms: 1_000,
    give_up_after: 1,
    say: options.say,
    onMessage(message) {
      const told = message as FromDemo;
      if (told.type === "simulators") ready.resolve(told);
      else if (told.type === "seeded") seeded.resolve(told);
      else seeded.reject(new Error(`The demo could not be set up: ${told.reason}`));
    },
  });
  const running = { stop: () => child.stop(SIMULATORS_MS), kill: child.kill };
  options.running.push(running);
  void child.gave_up.then((code) => {
    for (const { reject } of [ready, seeded]) reject(new Error("The demo's simulators ended."));
    options.end(code);
  });

  const admin = { email: "agency@demo.example", password: passwordOf("agency") };
  const { env, gateway_env } = await ready.promise;
  // The simulated telephones forget what they are linked to when they end: so must the gateway.
  const storage = join(options.data_dir, "whatsapp");
  await rm(storage, { recursive: true, force: true });
  return {
    ...running,
    env: { ...env, ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password },
    gateway_env: { ...gateway_env, WA_STORAGE_DIR: storage },
    seed() {
      const message: ToDemo = {
        type: "serving",
        backend_url,
        admin,
        owner_password: passwordOf("owner"),
      };
      child.send(message);
      return seeded.promise;
    },
  };
}
