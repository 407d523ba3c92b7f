import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../lab/e2e/eventually.ts";
import { type Session, signIn } from "../lab/demo/api.ts";
import { start, type Started } from "./test-support/started.ts";

interface Call {
  readonly status: string;
  readonly appointment_id: number | null;
  readonly turns: readonly { role: string; text: string; interrupted: boolean }[];
  readonly ledger: { barge_ins: readonly object[]; fallback_reason: string | null };
  readonly recording: object | null;
}
interface Items<T> {
  readonly items: readonly T[];
}

let data_dir: string;
let demo: Started;
let owner: Session;

beforeAll(async () => {
  data_dir = await mkdtemp(join(tmpdir(), "agentlocator-demo-"));
  // Keys of real providers must not be used by a demo.
  demo = start(data_dir, { OPENAI_API_KEY: "sk-real", TWILIO_AUTH_TOKEN: "real" }, ["--demo"]);
  const [, address = "", email = "", password = ""] = await demo.line(
    /^address: (.+)\nemail: (.+)\npassword: (.+)$/m,
  );
  owner = await signIn(address.replace("localhost", "127.0.0.1"), { email, password });
});

afterAll(async () => {
  demo.child.kill("SIGTERM");
  expect(await demo.ended).toBe(0);
  await rm(data_dir, { recursive: true, force: true });
});

async function place(scenario: string): Promise<string> {
  const { call_sid } = await owner.post<{ call_sid: string }>("/api/demo/call", { scenario });
  return call_sid;
}

/** Null until the call has come in. */
const found = (call_sid: string) =>
  owner.get<Call>(`/api/calls/${call_sid}`).catch((error: Error) => {
    if (error.message.includes("answered 404")) return null;
    throw error;
  });

async function until(call_sid: string, fits: (call: Call) => boolean): Promise<Call> {
  const call = await eventually(
    () => found(call_sid),
    (call) => call !== null && fits(call),
    80_000,
  );
  return call!;
}

test.concurrent("a business is connected to WhatsApp by a scan, and a customer books in writing", async () => {
  interface Status {
    readonly baileys: { readonly state: string };
  }
  const status = () => owner.get<Status>("/api/whatsapp/status");
  await eventually(status, ({ baileys }) => baileys.state === "open", 60_000);
  const { from } = await owner.post<{ from: string }>("/api/demo/chat", {});
  const appointments = () => owner.get<Items<{ source: string }>>("/api/appointments");
  const written = ({ items }: Items<{ source: string }>) =>
    items.some(({ source }) => source === "whatsapp");
  await eventually(appointments, written, 60_000);
  const { items } = await owner.get<Items<{ peer_number: string }>>("/api/threads?type=whatsapp");
  expect(items.map(({ peer_number }) => peer_number)).toContain(from);
});

/** All three at once, as the demo's visitors would: the dead model must strike only its own call. */
test.concurrent("a caller books, one interrupts, and one with a dead model leaves a message", async () => {
  const [booking, interruption] = [await place("booking"), await place("interruption")];
  for (const call_sid of [booking, interruption]) {
    await until(call_sid, ({ turns }) => turns.length > 0);
  }
  const dead = await place("dead_model");

  const booked = await until(booking, ({ status }) => status === "completed");
  expect(booked.turns.map(({ text }) => text)).toContain("כן, מאשר");
  const { items } = await owner.get<Items<{ id: number; call_sid: string }>>("/api/appointments");
  expect(items.find(({ call_sid }) => call_sid === booking)?.id).toBe(booked.appointment_id);

  const interrupted = await until(interruption, ({ status }) => status === "completed");
  expect(interrupted.ledger.barge_ins.length).toBeGreaterThan(0);
  expect(interrupted.turns.some((turn) => turn.interrupted)).toBe(true);
  expect(interrupted.appointment_id).not.toBeNull();

  const unserved = await until(dead, ({ recording }) => recording !== null);
  expect(unserved.status).toBe("fallback");
  expect(unserved.ledger.fallback_reason).not.toBeNull();
  const tasks = await owner.get<Items<{ call_sid: string }>>("/api/tasks");
  expect(tasks.items.some(({ call_sid }) => call_sid === dead)).toBe(true);

  expect(demo.output()).not.toMatch(/would refuse|gave up/);
});
