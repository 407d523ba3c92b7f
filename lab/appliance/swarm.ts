import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../../scripts/lib/ports.ts";
import { eventually } from "../e2e/eventually.ts";
import { whyNot } from "./engine.ts";

const root = resolve(import.meta.dirname, "../..");
const STACK = "agentlocator-lab";
const IMAGES = { backend: "backend", baileys: "baileys", nginx: "nginx" };
const SECONDS = 1000;

/** Two gateways on the one node of the laboratory; with hosts enough it is one on each. */
const TWO_GATEWAYS = `services:
  baileys:
    deploy: { mode: replicated, replicas: 2 }
`;

/** Why a swarm can't be tried here; null when it can. It takes minutes, so it has to be asked for. */
export function whyNoSwarm(): string | null {
  if (!process.env["LAB_SWARM"]) return "LAB_SWARM is not set";
  const reason = whyNot();
  if (reason) return reason;
  const state = execFileSync("docker", ["info", "--format", "{{.Swarm.LocalNodeState}}"]);
  return state.toString().trim() === "inactive" ? null : "the engine is in a swarm already";
}

/** A swarm of one node with the stack, and stand-ins for what is outside of it. */
export class Swarm {
  readonly port: number;
  readonly #dir: string;
  readonly #env: Record<string, string>;
  #containers: string[] = [];

  private constructor(dir: string, port: number, env: Record<string, string>) {
    this.#dir = dir;
    this.port = port;
    this.#env = env;
  }

  /** @param wa_port where WhatsApp's simulator listens on this machine */
  static async deploy(wa_port: number): Promise<Swarm> {
    const dir = await mkdtemp(join(tmpdir(), "swarm-"));
    const port = await freePort();
    await docker("swarm", "init", "--advertise-addr", "127.0.0.1");
    const host = (
      await docker(
        ...["network", "inspect", "bridge"],
        ...["--format", "{{(index .IPAM.Config 0).Gateway}}"],
      )
    ).trim();
    const folders = ["data", "whatsapp"].map((name) => join(dir, name));
    for (const folder of folders) {
      await mkdir(folder);
      await docker(
        ...["run", "--rm", "--volume", `${folder}:/made`, "debian:bookworm-slim"],
        ...["chown", "1000:1000", "/made"],
      );
    }
    const swarm = new Swarm(dir, port, {
      REGISTRY: "agentlocator",
      VERSION: "swarm-lab",
      PUBLIC_BASE_URL: `http://127.0.0.1:${port}`,
      DOMAIN: "127.0.0.1",
      HTTP_PORT: String(port),
      DRAIN_SECONDS: "60",
      STORAGE_TYPE: "none",
      STORAGE_OPTIONS: "bind",
      STORAGE_DATA: folders[0]!,
      STORAGE_WHATSAPP: folders[1]!,
      WA_WEB_SOCKET_URL: `ws://${host}:${wa_port}/ws/chat`,
      WA_VERIFY_SERVER: "false",
    });
    try {
      await swarm.#build();
      await swarm.#standIns(host);
      await writeFile(join(dir, "two.yml"), TWO_GATEWAYS);
      await swarm.#stackDeploy();
      return swarm;
    } catch (error) {
      await swarm.remove();
      throw error;
    }
  }

  async #build(): Promise<void> {
    for (const [target, image] of Object.entries(IMAGES)) {
      const tag = `agentlocator/${image}:${this.#env["VERSION"]}`;
      await docker("build", "--quiet", "--target", target, "--tag", tag, root);
    }
  }

  /** PostgreSQL and Redis, and the secrets by which they are reached. */
  async #standIns(host: string): Promise<void> {
    const password = randomBytes(16).toString("hex");
    const run = async (port: number, inside: number, ...args: string[]) => {
      const published = ["--publish", `${host}:${port}:${inside}`];
      this.#containers.push((await docker("run", "--detach", ...published, ...args)).trim());
    };
    const [pg, redis] = [await freePort(), await freePort()];
    const role = `${join(root, "postgres/role.sh")}:/docker-entrypoint-initdb.d/role.sh:ro`;
    await run(
      ...[pg, 5432, "--volume", role, "--env", `POSTGRES_PASSWORD=${password}`],
      ...["--env", `AGENTLOCATOR_PASSWORD=${password}`, "postgres:18-bookworm"],
    );
    await run(redis, 6379, "redis:8-bookworm", "redis-server", "--save", "");
    const secrets: Record<string, string> = {
      database_url: `postgres://agentlocator:${password}@${host}:${pg}/agentlocator`,
      redis_url: `redis://${host}:${redis}`,
      app_secret: randomBytes(32).toString("hex"),
      gateway_secret: randomBytes(32).toString("hex"),
    };
    const unused = ["openai_api_key", "twilio_auth_token", "gcp_credentials", "s3_secret"];
    for (const name of [...unused, "smtp_url"]) secrets[name] = "\n";
    for (const [name, value] of Object.entries(secrets)) {
      const file = join(this.#dir, "secret");
      await writeFile(file, value, { mode: 0o600 });
      await docker("secret", "create", `agentlocator_${name}`, file);
      await rm(file);
    }
  }

  async #stackDeploy(): Promise<void> {
    const files = [join(root, "docker-compose.swarm.yml"), join(this.#dir, "two.yml")];
    const given = files.flatMap((file) => ["--compose-file", file]);
    await this.#docker("stack", "deploy", ...given, "--resolve-image", "never", STACK);
  }

  #docker(...args: string[]): Promise<string> {
    return docker(...args, this.#env);
  }

  /** Containers of a service that are well. */
  async healthy(service: string): Promise<string[]> {
    const name = `label=com.docker.swarm.service.name=${STACK}_${service}`;
    const filters = ["--filter", name, "--filter", "health=healthy"];
    return (await docker("ps", "--quiet", ...filters)).trim().split("\n").filter(Boolean);
  }

  /** Resolves when so many of each are well. */
  async ready(counts: Record<string, number>): Promise<void> {
    for (const [service, count] of Object.entries(counts)) {
      await eventually(
        () => this.healthy(service),
        (found) => found.length === count,
        180 * SECONDS,
      );
    }
  }

  logs(service: string): Promise<string> {
    return docker("service", "logs", "--raw", `${STACK}_${service}`);
  }

  /** A new task of each of a service's replicas, one after the other. */
  async update(service: string): Promise<void> {
    await docker("service", "update", "--force", "--quiet", `${STACK}_${service}`);
  }

  /** The container whose task has this name, as `GATEWAY_URL` has it. */
  async containerOf(url: string): Promise<string> {
    const { hostname } = new URL(url);
    return (await docker("ps", "--quiet", "--no-trunc", "--filter", `name=${hostname}`)).trim();
  }

  /** Asks the outside's database. */
  async sql(text: string): Promise<string> {
    const args = ["psql", "-qtA", "-U", "postgres", "-d", "agentlocator", "-c", text];
    return (await docker("exec", this.#containers[0]!, ...args)).trim();
  }

  async remove(): Promise<void> {
    await docker("stack", "rm", STACK).catch(() => "");
    await docker("swarm", "leave", "--force").catch(() => "");
    if (this.#containers.length > 0)
      await docker("rm", "--force", "--volumes", ...this.#containers);
    const left = async () => docker("ps", "--all", "--quiet", "--filter", `name=${STACK}_`);
    await eventually(left, (found) => found.trim() === "", 60 * SECONDS);
    for (const name of ["data", "whatsapp"]) {
      await docker("volume", "rm", "--force", `${STACK}_${name}`).catch(() => "");
    }
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** What it printed. @throws with what it complained of */
export function docker(...given: (string | Record<string, string>)[]): Promise<string> {
  const args = given.filter((one) => typeof one === "string");
  const env = Object.assign({ ...process.env }, ...given.filter((one) => typeof one !== "string"));
  return new Promise((done, failed) => {
    execFile("docker", args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error)
        failed(new Error(`docker ${args.slice(0, 3).join(" ")}: ${stderr || error.message}`));
      else done(stdout);
    });
  });
}
