import { execFile, execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { freePort } from "../../scripts/lib/ports.ts";

const root = resolve(import.meta.dirname, "../..");
const PROJECT = "agentlocator-lab";

export const BUILD_MS = 15 * 60_000;

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Why the appliance can't be tried here; null when it can. */
export function whyNot(): string | null {
  try {
    const args = ["version", "--format", "{{.Server.Version}}"];
    execFileSync("docker", args, { timeout: 10_000, stdio: "pipe" });
    execFileSync("docker", ["compose", "version"], { timeout: 10_000, stdio: "pipe" });
    return null;
  } catch {
    return "no Docker engine with Compose answers here";
  }
}

/** An appliance of the working tree's own: its own copy of the sources, project, volumes, ports. */
export class Appliance {
  /** Added to the environment of what is run. */
  readonly env: Record<string, string> = {};
  readonly dir: string;
  readonly http_port: number;
  readonly https_port: number;
  readonly project: string;

  private constructor(dir: string, project: string, http_port: number, https_port: number) {
    this.dir = dir;
    this.project = project;
    this.http_port = http_port;
    this.https_port = https_port;
  }

  /** Copies what git knows or would take, as it is now. */
  static async copy(project = PROJECT): Promise<Appliance> {
    const dir = await mkdtemp(join(tmpdir(), "appliance-"));
    const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const files = execFileSync("git", list, { cwd: root, maxBuffer: 1 << 26 }).toString();
    for (const file of files.split("\0").filter(Boolean)) {
      // A file that was removed but is still in git's index.
      await cp(join(root, file), join(dir, file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw new Error(`${dirname(file)}: ${error.message}`);
      });
    }
    return new Appliance(dir, project, await freePort(), await freePort());
  }

  get address(): string {
    return `https://localhost:${this.https_port}`;
  }

  /** Runs scripts/install with these ports; what it printed. */
  install(...options: string[]): Promise<string> {
    const http = ["--http-port", String(this.http_port)];
    const https = ["--https-port", String(this.https_port)];
    return this.must(
      "scripts/install",
      "--yes",
      "--tls",
      "self-signed",
      ...http,
      ...https,
      ...options,
    );
  }

  /** Runs a program in the copy; its exit code is the caller's to judge. */
  run(file: string, ...args: string[]): Promise<Output> {
    const env = { ...process.env, ...this.env, COMPOSE_PROJECT_NAME: this.project };
    return new Promise((done) => {
      const options = { cwd: this.dir, env, maxBuffer: 1 << 26 };
      execFile(file, args, options, (error, stdout, stderr) => {
        done({ code: error ? Number(error.code) || 1 : 0, stdout, stderr });
      });
    });
  }

  /** Like `run`; what it printed. @throws when it fails */
  async must(file: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(file, ...args);
    if (code !== 0) throw new Error(`${file} ${args.join(" ")}: ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** What the engine says of a service's container. */
  async inspect(service: string): Promise<Inspected> {
    const id = await this.must("docker", "compose", "ps", "--all", "--quiet", service);
    const [found] = JSON.parse(await this.must("docker", "inspect", id.trim())) as [Inspected];
    return found;
  }

  async remove(): Promise<void> {
    await this.run("docker", "compose", "down", "--volumes", "--timeout", "5");
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** The part of `docker inspect` that is looked at. */
export interface Inspected {
  State: { Status: string; ExitCode: number; OOMKilled: boolean };
  Config: { User: string };
  HostConfig: {
    ReadonlyRootfs: boolean;
    CapDrop: string[] | null;
    CapAdd: string[] | null;
    SecurityOpt: string[] | null;
    Memory: number;
    PidsLimit: number | null;
    RestartPolicy: { Name: string };
    LogConfig: { Config: Record<string, string> };
  };
  NetworkSettings: { Ports: Record<string, unknown[] | null> };
}
