import { describe, expect, it } from "vitest";
import { phrase } from "../../../../../lab/speech/library.ts";
import type { Fault } from "../../../../../lab/sim/openai/index.ts";
import type { PhoneCall } from "../../../../test/telephone.ts";
import {
  ago,
  greeted,
  greeting,
  longestSilence,
  order,
  pause,
  withCall,
} from "../../../../test/telephone.ts";

const question = phrase("opening_hours");
const answer = phrase("agent_hours");

async function servedAfterwards(call: PhoneCall): Promise<void> {
  const said = await call.mouth.say(question.audio);
  await call.hears(said.ended_at, 6_000);
  await call.until(() => [...call.record.turns.values()].some(({ text }) => text === answer.text));
  expect(call.record.failed).toEqual([]);
}

describe.concurrent("no session at the beginning", () => {
  it("refused by the network: the greeting is heard, then the fallback", async () => {
    await withCall({ faults_at: [[{ kind: "reset" }]] }, async (call, line) => {
      line.sim.everyConnection({ kind: "reset" });
      expect(await call.ended).toEqual({ by: "server", code: 1000 });
      const heard = call.stream.playback.audibleFrames(call.stream.started_at).length * 20;
      expect(heard).toBeGreaterThan(greeting.audio.length / 8 - 500);
      expect(call.record).toMatchObject({
        failed: [{ kind: "model_unreachable" }],
        ended: "fallback",
        ledger: { fallback_reason: "model_unreachable", end_reason: "fallback" },
      });
      expect(ago(call)).toBeLessThan(4_500);
    });
  });

  it("401: no second attempt", async () => {
    const setup = { warm: false, faults_at: [[{ kind: "http", status: 401 }]] as Fault[][] };
    await withCall(setup, async (call, line) => {
      await call.ended;
      expect(call.record.failed).toEqual([{ kind: "model_refused", detail: "HTTP 401" }]);
      expect(line.sim.refused).toBe(1);
    });
  });

  it("503 once: the second attempt serves", async () => {
    await withCall({ faults_at: [[{ kind: "http", status: 503 }]] }, async (call) => {
      await greeted(call);
      await servedAfterwards(call);
    });
  });

  it("never gets ready: greeting, fallback in good time", async () => {
    const slow: Fault[] = [{ kind: "slow_handshake", ms: 9_000 }];
    await withCall({ faults_at: [slow, slow, slow] }, async (call) => {
      await call.ended;
      expect(call.record.failed).toMatchObject([{ kind: "model_unreachable" }]);
      expect(ago(call)).toBeLessThan(8_000);
      const { started_at } = call.stream;
      expect(longestSilence(call, started_at, performance.now())).toBeLessThan(3_000);
    });
  });

  it("accepts and stays mute: greeting, fallback in good time", async () => {
    const mute: Fault[] = [{ kind: "mute" }];
    await withCall({ faults_at: [mute, mute, mute] }, async (call) => {
      await call.ended;
      expect(call.record.failed).toMatchObject([{ kind: "model_unreachable" }]);
      const { started_at } = call.stream;
      expect(longestSilence(call, started_at, performance.now())).toBeLessThan(3_000);
    });
  });

  it("a handshake that is too slow is given up and tried again", async () => {
    await withCall({ faults_at: [[{ kind: "slow_handshake", ms: 5_000 }]] }, async (call) => {
      await greeted(call);
      await call.until(() => ago(call) > 3_200);
      await servedAfterwards(call);
    });
  });

  it("PCM in place of µ-law is transcoded", async () => {
    await withCall({ faults_at: [[{ kind: "ignore_format" }]] }, async (call) => {
      await greeted(call);
      await servedAfterwards(call);
      const sound = call.stream.playback.sound(call.stream.started_at + 2_200, performance.now());
      expect(sound.filter((byte) => byte !== 0xff).length).toBeGreaterThan(1_000);
    });
  });

  it("garbage from the model is ignored", async () => {
    await withCall({ faults_at: [[{ kind: "malformed_json" }]] }, async (call) => {
      await greeted(call);
      await servedAfterwards(call);
    });
  });

  it("a spoken greeting that does not come: filler, second session, greeting", async () => {
    const brief = { greeting_audio: null };
    await withCall({ brief, faults_at: [[{ kind: "no_response" }]] }, async (call, line) => {
      expect((await call.hears(call.stream.started_at)) - call.stream.started_at).toBeLessThan(
        1_700,
      );
      await call.until(() => call.record.greeting !== null, 8_000);
      expect(line.sim.connections).toHaveLength(2);
      expect(call.record.turns.get(1)?.text).toBe(greeting.text);
      expect(longestSilence(call, call.stream.started_at, performance.now())).toBeLessThan(3_000);
    });
  });
});

describe.concurrent("in the middle of a call", () => {
  it("asked, stays silent: filler, second session, answer, no silence over 3 s", async () => {
    await withCall({ faults_at: [[{ kind: "no_response" }]] }, async (call, line) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      expect((await call.hears(ended_at)) - ended_at).toBeLessThan(2_900);
      await call.until(() => order(call) === "aca", 12_000);
      await call.hears(performance.now() - 100);
      expect(line.sim.connections).toHaveLength(2);
      expect(longestSilence(call, ended_at, performance.now())).toBeLessThan(3_000);
      expect(call.record.turns.get(3)?.text).toBe(answer.text);
      expect(call.record.failed).toEqual([]);
    });
  });

  it("silent on every session: the fallback comes", async () => {
    await withCall({}, async (call, line) => {
      await greeted(call);
      line.sim.everyConnection({ kind: "no_response", times: 99 });
      line.sim.connections[0]!.faults.add({ kind: "no_response", times: 99 });
      await call.mouth.say(question.audio);
      await call.ended;
      expect(call.record.ended).toBe("fallback");
      expect(call.record.failed).toHaveLength(1);
      expect(call.record.ledger?.fallback_reason).toMatch(/^model_/);
    });
  });

  it("text without sound is asked for once more", async () => {
    await withCall({ faults_at: [[{ kind: "text_only" }]] }, async (call, line) => {
      await greeted(call);
      await servedAfterwards(call);
      expect(line.sim.connections).toHaveLength(1);
    });
  });

  it("a failed response is asked for once more", async () => {
    const fault: Fault = { kind: "response_failed", code: "server_error" };
    await withCall({ faults_at: [[fault]] }, async (call, line) => {
      await greeted(call);
      await servedAfterwards(call);
      expect(line.sim.connections).toHaveLength(1);
    });
  });

  it("hangs in the middle of a sentence: a second session goes on", async () => {
    await withCall(
      { faults_at: [[{ kind: "hang_mid_audio", after_ms: 1_000 }]] },
      async (call, line) => {
        await greeted(call);
        const { ended_at } = await call.mouth.say(question.audio);
        await call.until(() => line.sim.connections.length === 2, 8_000);
        await call.until(() =>
          [...call.record.turns.values()].some((turn) => turn.text === answer.text),
        );
        expect(longestSilence(call, ended_at, performance.now())).toBeLessThan(3_000);
        expect(call.record.failed).toEqual([]);
      },
    );
  });

  it("closes in the middle of a sentence: a second session goes on", async () => {
    const fault: Fault = { kind: "close_mid_audio", after_ms: 1_000, code: 1011 };
    await withCall({ faults_at: [[fault]] }, async (call, line) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      await call.until(() => line.sim.connections.length === 2);
      await call.until(() =>
        [...call.record.turns.values()].some((turn) => turn.text === answer.text),
      );
      expect(longestSilence(call, ended_at, performance.now())).toBeLessThan(3_000);
    });
  });

  it("closes in the middle of a sentence, the question still being written down", async () => {
    const faults: Fault[] = [
      { kind: "close_mid_audio", after_ms: 1_000, code: 1011 },
      { kind: "slow_transcript", ms: 9_000 },
    ];
    await withCall({ faults_at: [faults] }, async (call, line) => {
      await greeted(call);
      await call.mouth.say(question.audio);
      await call.until(() => line.sim.connections.length === 2);
      await call.until(() =>
        [...call.record.turns.values()].some((turn) => turn.text === answer.text),
      );
      // Also fillers are turns of the agent's, when the second session takes its time.
      expect(order(call)).toMatch(/^aca+$/);
    });
  });

  it("closes while nobody speaks: the caller notices nothing, the context is there", async () => {
    await withCall({}, async (call, line) => {
      await greeted(call);
      await servedAfterwards(call);
      await call.until(() => call.stream.playback.buffered_ms === 0);
      line.sim.connections[0]!.close(1011, "");
      await call.until(() => line.sim.connections.length === 2);
      const second = line.sim.connections[1]!;
      await call.until(() => second.conversation.entries.length === 3);
      expect(second.conversation.understood()).toMatchObject([
        { role: "assistant", text: greeting.text },
        { role: "user", text: question.text },
        { role: "assistant", text: answer.text },
      ]);
    });
  });

  it("dies while the caller speaks: what was said is heard again, nothing is asked twice", async () => {
    await withCall({}, async (call, line) => {
      await greeted(call);
      const saying = call.mouth.say(question.audio);
      await call.until(() => call.record.speaking.at(-1)?.who === "caller");
      await pause(1_500);
      line.sim.connections[0]!.close(1006, "");
      const { ended_at } = await saying;
      expect((await call.hears(ended_at)) - ended_at).toBeLessThan(2_500);
      await call.until(() => order(call) === "aca");
      expect(call.record.turns.get(2)?.text).toBe(question.text);
    });
  });

  it("the planned end after an hour is a change of session", async () => {
    await withCall({}, async (call, line) => {
      await greeted(call);
      line.sim.connections[0]!.expire();
      await call.until(() => line.sim.connections.length === 2);
      await servedAfterwards(call);
    });
  });

  it("an old session is renewed at a pause, before its end", async () => {
    await withCall({ options: { limits: { renew_after_ms: 1_000 } } }, async (call, line) => {
      await greeted(call);
      await call.until(() => line.sim.connections.length >= 2);
      await call.until(() => !line.sim.connections[0]!.open);
      await servedAfterwards(call);
    });
  });

  it("benign errors are benign", async () => {
    const fault: Fault = { kind: "error_event", code: "response_cancel_not_active" };
    await withCall({ faults_at: [[fault]] }, async (call, line) => {
      await greeted(call);
      await servedAfterwards(call);
      expect(line.sim.connections).toHaveLength(1);
      expect(line.logs.filter(({ level }) => level !== "info")).toEqual([]);
    });
  });

  it("a fatal error event before the session is ready: another session", async () => {
    const fault: Fault = { kind: "error_event", code: "session_expired", fatal: true };
    await withCall({ faults_at: [[fault]] }, async (call) => {
      await greeted(call);
      await servedAfterwards(call);
    });
  });
});

describe.concurrent("the carrier's side", () => {
  it("garbage frames are ignored", async () => {
    await withCall({ faults: { garbage_every: 7 } }, async (call, line) => {
      await greeted(call);
      const { ended_at } = await call.mouth.say(question.audio);
      await call.hears(ended_at);
      expect(line.logs.some(({ message }) => message.includes("unreadable media message"))).toBe(
        true,
      );
    });
  });

  it("no media any more: the fallback", async () => {
    const options = { limits: { media_inactivity_ms: 1_000 } };
    await withCall({ options, faults: { media_stops_after_ms: 2_500 } }, async (call) => {
      expect(await call.ended).toEqual({ by: "server", code: 1000 });
      expect(call.record.failed).toMatchObject([{ kind: "media_inactive" }]);
      expect(ago(call)).toBeLessThan(4_500);
    });
  });

  it("a hang-up frees the model at once", async () => {
    await withCall({}, async (call, line) => {
      await call.hears(call.stream.started_at);
      await call.until(() => line.sim.connections.length === 1);
      call.hangUp();
      await call.until(() => call.record.ended !== null && !line.sim.connections[0]!.open, 500);
      expect(call.record.ended).toBe("caller_hung_up");
      expect(line.voice.activeCalls()).toEqual([]);
    });
  });

  it("a hang-up while the model is still being reached leaves nothing behind", async () => {
    const faults_at: Fault[][] = [[{ kind: "slow_handshake", ms: 500 }]];
    await withCall({ faults_at }, async (call, line) => {
      call.hangUp();
      await call.until(() => call.record.ended !== null);
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(line.sim.connections.every(({ open }) => !open)).toBe(true);
    });
  });

  it("a lost socket without stop is no hang-up", async () => {
    await withCall({ faults: { no_stop: true } }, async (call) => {
      await call.hears(call.stream.started_at);
      call.hangUp();
      await call.until(() => call.record.ended !== null);
      expect(call.record).toMatchObject({ ended: "fallback", failed: [{ kind: "media_lost" }] });
    });
  });
});
