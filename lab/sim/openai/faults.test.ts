import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OpenAiSim, type Fault } from "./index.ts";
import { sessionUpdate, TestClient } from "./test-client.ts";

let sim: OpenAiSim;

beforeEach(async () => {
  sim = await new OpenAiSim({ latency: { think_ms: [5, 10], speed: 50 } }).start();
});
afterEach(async () => {
  await sim.stop();
});

async function responding(...faults: Fault[]): Promise<TestClient> {
  sim.nextConnection(...faults);
  const client = new TestClient(sim.base_url);
  await client.next("session.created");
  client.send("session.update", sessionUpdate());
  await client.next("session.updated");
  client.send("response.create");
  await client.next("response.created");
  return client;
}

describe("faults", () => {
  it("refuse the connection, by TCP and by status", async () => {
    sim.nextConnection({ kind: "reset" });
    sim.nextConnection({ kind: "http", status: 429 });
    expect(await new TestClient(sim.base_url).close()).toBe(1006);
    const limited = new TestClient(sim.base_url);
    const status = new Promise((resolve) => {
      limited.ws.on("unexpected-response", (_, response) => resolve(response.statusCode));
    });
    expect(await status).toBe(429);
    await sim.goOffline();
    expect(await new TestClient(sim.base_url).close()).toBe(1006);
    await sim.goOnline();
    await new TestClient(sim.base_url).next("session.created");
    expect(sim.refused).toBe(2);
  });

  it("leave a socket mute", async () => {
    sim.nextConnection({ kind: "mute" });
    const client = new TestClient(sim.base_url);
    await expect(client.next("session.created", 300)).rejects.toThrow("no session.created");
    expect(client.closed).toBeNull();
  });

  it("keep the wrong format", async () => {
    sim.nextConnection({ kind: "ignore_format" });
    const client = new TestClient(sim.base_url);
    await client.next("session.created");
    client.send("session.update", sessionUpdate());
    const updated = await client.next("session.updated");
    expect(updated.session.audio.output.format).toEqual({ type: "audio/pcm", rate: 24_000 });
  });

  it("send benign and fatal errors", async () => {
    sim.nextConnection({ kind: "error_event", code: "server_error" });
    const benign = new TestClient(sim.base_url);
    expect((await benign.next("error")).error.code).toBe("server_error");
    benign.send("session.update", sessionUpdate());
    await benign.next("session.updated");
    sim.nextConnection({ kind: "error_event", code: "quota", fatal: true });
    expect(await new TestClient(sim.base_url).close()).toBe(1011);
  });

  it("answer in text without sound, once", async () => {
    const client = await responding({ kind: "text_only" });
    const done = await client.next("response.done");
    expect(done.response.output[0].content[0].type).toBe("output_text");
    expect(client.types()).not.toContain("response.output_audio.delta");
    client.send("response.create");
    await client.next("response.output_audio.delta");
  });

  it("stay silent when asked for a response", async () => {
    const client = await responding({ kind: "no_response" });
    await expect(client.next("response.output_item.added", 200)).rejects.toThrow();
    client.send("response.cancel");
    expect((await client.next("response.done")).response.status).toBe("cancelled");
  });

  it("delay the first sound", async () => {
    const before = performance.now();
    const client = await responding({ kind: "slow_first_audio", ms: 300 });
    await client.next("response.output_audio.delta");
    expect(performance.now() - before).toBeGreaterThan(295);
  });

  it("hang in the middle of the sound, and close there", async () => {
    const hanging = await responding({ kind: "hang_mid_audio", after_ms: 600 });
    await expect(hanging.next("response.done", 300)).rejects.toThrow("no response.done");
    const closing = await responding({ kind: "close_mid_audio", after_ms: 600, code: 1011 });
    expect(await closing.close()).toBe(1011);
    expect(closing.types()).toContain("response.output_audio.delta");
    const dropped = await responding({ kind: "close_mid_audio", after_ms: 600, code: 1006 });
    expect(await dropped.close()).toBe(1006);
  });

  it("fail a response", async () => {
    const client = await responding({ kind: "response_failed", code: "rate_limit_exceeded" });
    const done = await client.next("response.done");
    expect(done.response.status_details.error.code).toBe("rate_limit_exceeded");
  });

  it("send late sound of a cancelled response", async () => {
    const client = await responding(
      { kind: "late_audio", chunks: 2 },
      { kind: "slow_first_audio", ms: 500 },
    );
    await client.next("response.content_part.added");
    client.send("response.cancel");
    await client.next("response.output_audio.delta");
    await client.next("response.output_audio.delta");
    await client.next("response.done");
    const deltas = client.types().filter((type) => type === "response.output_audio.delta");
    expect(deltas).toHaveLength(2);
  });

  it("break a line of JSON, and answer the handshake late", async () => {
    const before = performance.now();
    sim.nextConnection({ kind: "slow_handshake", ms: 200 }, { kind: "malformed_json" });
    const client = new TestClient(sim.base_url);
    await client.next("session.created");
    expect(performance.now() - before).toBeGreaterThan(195);
    await client.next("broken");
  });

  it("end a session after its hour", async () => {
    const client = new TestClient(sim.base_url);
    await client.next("session.created");
    sim.connections[0]?.expire();
    expect((await client.next("error")).error.code).toBe("session_expired");
    expect(await client.close()).toBe(1001);
  });
});
