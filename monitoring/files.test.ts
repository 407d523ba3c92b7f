import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { startApp } from "../backend/src/app.ts";
import { parseEnv } from "../backend/src/platform/env.ts";
import { createLog } from "../backend/src/platform/log.ts";
import { createTestDb } from "../backend/test/database.ts";
import { parseGatewayEnv } from "../baileys/src/env.ts";
import { createWhatsappGateway } from "../baileys/src/gateway.ts";

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: { expr: string }[];
}

const here = (...path: string[]) => join(import.meta.dirname, ...path);
const read = (...path: string[]) => readFileSync(here(...path), "utf8");
const { groups } = parse(read("alerts.yml")) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read("grafana/dashboards/agentlocator.json")) as { panels: Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
].map(([name, expr]) => [name, expr.replaceAll("$__rate_interval", "5m")] as const);
/** What Prometheus makes itself. */
const OWN = ["up", "ALERTS"];

/** The names that metrics have in expressions. */
let known: Set<string>;
let dir: string;
const ends: (() => Promise<void>)[] = [];

function names(text: string): string[] {
  const types = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
  const parts = ["_bucket", "_count", "_sum"];
  return types.flatMap(([, name, type]) =>
    type === "histogram" ? parts.map((part) => name + part) : [name!],
  );
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "monitoring-"));
  const database = await createTestDb();
  const basics = { DATA_DIR: join(dir, "data"), PORT: "0", HOST: "127.0.0.1" };
  const env = parseEnv({ ...basics, DATABASE_URL: database.url, APP_SECRET: "x".repeat(32) });
  const app = await startApp(env, createLog("silent"));
  const storage = { WA_STORAGE_DIR: join(dir, "whatsapp"), METRICS_PORT: "0" };
  const gateway = await createWhatsappGateway(parseGatewayEnv(storage), createLog("silent"));
  const metrics = gateway.metrics!.listen(0, "127.0.0.1");
  await once(metrics, "listening");
  ends.push(() => app.close(), database.drop, gateway.stop);
  const { port } = metrics.address() as { port: number };
  const pages = await Promise.all(
    [app.port, port].map((at) => fetch(`http://127.0.0.1:${at}/metrics`).then((r) => r.text())),
  );
  known = new Set([...OWN, ...pages.flatMap(names)]);
});
afterAll(async () => {
  for (const end of ends) await end();
  await rm(dir, { recursive: true, force: true });
});

/** The names of metrics in an expression. @throws when it is no PromQL */
function metricsIn(expr: string): string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter({ name, from, to, type }) {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expr.slice(from)}`);
      if (name === "VectorSelector") found.push(/^[\w:]*/.exec(expr.slice(from, to))![0]);
    },
  });
  return found;
}

test("the parser takes PromQL and nothing else", () => {
  expect(metricsIn('sum by (le) (rate(a_b{c="d"}[5m])) / absent(e == 1)')).toEqual(["a_b", "e"]);
  for (const wrong of ["sum by (le (a)", "rate(a[5m)", "a b"]) {
    expect(() => metricsIn(wrong)).toThrow("not PromQL");
  }
});

test("Prometheus is given rules that there are, and each job once", () => {
  const { rule_files, scrape_configs } = parse(read("prometheus.yml")) as {
    rule_files: string[];
    scrape_configs: { job_name: string }[];
  };
  expect(rule_files).toEqual(["alerts.yml"]);
  const jobs = scrape_configs.map(({ job_name }) => job_name);
  expect(jobs.toSorted()).toEqual(["backend", "gateway", "prometheus", "worker"]);
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
});

test("the profile's services are off by default, unpublished, hardened and limited", () => {
  const { services } = parse(read("../docker-compose.yml"), { merge: true }) as {
    services: Record<string, Record<string, unknown>>;
  };
  const ours = Object.keys(services).filter((name) =>
    (services[name]!.profiles as string[] | undefined)?.includes("monitoring"),
  );
  expect(ours).toEqual(["prometheus", "grafana"]);
  for (const name of ours) {
    const { image, ports, mem_limit, pids_limit, read_only, cap_drop } = services[name]!;
    expect({ ports, read_only, cap_drop }).toEqual({
      ports: undefined,
      read_only: true,
      cap_drop: ["ALL"],
    });
    expect(mem_limit && pids_limit, name).toBeTruthy();
    const [, setting, tag] = /^\$\{(\w+_IMAGE):-(\S+)\}$/.exec(image as string)!;
    expect(read("../.env.example")).toContain(`\n${setting}=${tag}\n`);
  }
});

test("every alert and every panel asks for what there is", () => {
  const missing = expressions.flatMap(([name, expr]) => {
    const asked = metricsIn(expr);
    expect(asked, name).not.toEqual([]);
    return asked.filter((metric) => !known.has(metric)).map((metric) => [name, metric]);
  });
  expect(missing).toEqual([]);
});

test("every alert is graded, tried, and explained by a runbook", () => {
  const tried = readdirSync(here("tests"))
    .map((file) => read("tests", file))
    .join();
  for (const { alert, labels, annotations } of alerts) {
    expect(["critical", "warning"], alert).toContain(labels.severity);
    expect(annotations.summary, alert).not.toBe("");
    const [page, anchor] = annotations.runbook.split("#");
    expect(anchor).toBe(alert.toLowerCase());
    expect(readFileSync(here("..", page!), "utf8")).toMatch(new RegExp(`^## ${alert}$`, "m"));
    expect(tried).toContain(`"${alert}"`);
  }
});

test("every runbook is of an alert that there is", () => {
  const pages = new Set(alerts.map(({ annotations }) => annotations.runbook.split("#")[0]!));
  const headings = [...pages].flatMap((page) =>
    [...readFileSync(here("..", page), "utf8").matchAll(/^## (\S+)$/gm)].map(([, name]) => name!),
  );
  const names_of_alerts = new Set(alerts.map(({ alert }) => alert));
  expect(headings.filter((name) => !names_of_alerts.has(name))).toEqual([]);
});

test("the dashboard: each panel has a place of its own and a data source that is provisioned", () => {
  const { datasources } = parse(read("grafana/provisioning/datasources/prometheus.yml")) as {
    datasources: { uid: string; type: string }[];
  };
  const { uid, type } = datasources[0]!;
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
  for (const { datasource } of panels) expect(datasource).toEqual({ type, uid });
});
