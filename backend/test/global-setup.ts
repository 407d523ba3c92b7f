import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/db/embedded.ts";
import { migrate } from "../src/db/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The superuser's address of the run's PostgreSQL, and the address of its template. */
    postgres: { admin_url: string; template_url: string };
  }
}

const TEMPLATE = "agentlocator_template";

/** One PostgreSQL for the run, with one database that has the product's schema, to be cloned. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const data_dir = await mkdtemp(join(tmpdir(), "agentlocator-test-"));
  const settings = {
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    // Not only speed: a database that autovacuum is looking at can't be cloned.
    autovacuum: "off",
    max_connections: "300",
  };
  const postgres = await startEmbeddedPostgres({ data_dir, settings });
  const teardown = async () => {
    await postgres.stop();
    await rm(data_dir, { recursive: true, force: true });
  };
  try {
    const template_url = await makeTemplate(postgres);
    project.provide("postgres", { admin_url: postgres.admin_url, template_url });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

async function makeTemplate({ url, admin_url }: EmbeddedPostgres): Promise<string> {
  const template_url = url.replace(/[^/]+$/, TEMPLATE);
  const admin = new pg.Client({ connectionString: admin_url });
  await admin.connect();
  try {
    await admin.query(`create database ${TEMPLATE} owner agentlocator`);
    await migrate(template_url);
    await admin.query(`alter database ${TEMPLATE} with is_template true allow_connections false`);
  } finally {
    await admin.end();
  }
  return template_url;
}
