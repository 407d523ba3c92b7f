import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { OpenAiSim } from "../../../../../lab/sim/openai/index.ts";
import { TwilioSim } from "../../../../../lab/sim/twilio/index.ts";
import { phrase } from "../../../../../lab/speech/library.ts";
import { createPeople } from "../../../../test/people.ts";
import type { TestPeople } from "../../../../test/people.ts";
import { startJobs } from "../../../db/jobs.ts";
import type { Env } from "../../../platform/env.ts";
import { createGuardedFetch } from "../../../platform/guarded-fetch.ts";
import { createTask } from "../../tasks/index.ts";
import { fallbackTaskKey } from "../fallback.ts";
import { openCall } from "../store.ts";
import { recordingJobs, recordingRoutes } from "./index.ts";
import { createRecordingJobs } from "./jobs.ts";
import { openMediaStore } from "./media-store.ts";
import { createRecordingSource } from "./source.ts";
import { createTranscriber } from "../../../platform/transcriber.ts";

const message = phrase("leave_message");
let dir: string;
let people: TestPeople;
let twilio: TwilioSim;
let openai: OpenAiSim;
let env: Env;
let one: Awaited<ReturnType<TestPeople["business"]>>;
let other: Awaited<ReturnType<TestPeople["business"]>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "agentlocator-recordings-"));
  people = await createPeople({
    routes: ({ db }) => recordingRoutes({ db, env: { DATA_DIR: dir } as Env }),
  });
  [one, other] = [await people.business(), await people.business()];
});
beforeEach(async () => {
  twilio = await new TwilioSim({ public_base_url: "https://example.com" }).start();
  openai = await new OpenAiSim({ api_key: "k" }).start();
  env = {
    DATA_DIR: dir,
    TWILIO_ACCOUNT_SID: twilio.account_sid,
    TWILIO_AUTH_TOKEN: twilio.auth_token,
    TWILIO_API_BASE_URL: twilio.api_base_url,
    OPENAI_API_KEY: "k",
    OPENAI_BASE_URL: openai.base_url,
    OPENAI_TRANSCRIBE_MODEL: "gpt-transcribe",
  } as Env;
  return async () => {
    await twilio.stop();
    await openai.stop();
  };
});
afterAll(async () => {
  await people.close();
  await rm(dir, { recursive: true });
});

/** A call in which a message was left, as the webhook stores it. */
async function callWithRecording({ audio = message.audio, url = "" } = {}) {
  const call_sid = `CA${randomBytes(16).toString("hex")}`;
  const { sid, duration_seconds } = twilio.recordings.add(call_sid, audio);
  const own = `${twilio.api_base_url}/2010-04-01/Accounts/${twilio.account_sid}/Recordings/${sid}`;
  await people.db.inBusiness(one.id, async (tx) => {
    await openCall(tx, { call_sid, from_number: "+972501234567", to_number: "+97236000001" });
    await tx
      .trx("calls")
      .where({ call_sid })
      .update({
        recording_sid: sid,
        recording_source_url: url || own,
        recording_duration_seconds: duration_seconds,
      });
  });
  return { call_sid, sid };
}

type Handler = ReturnType<typeof recordingJobs>[string];

async function run(
  call_sid: string,
  { attempts = 1, jobs = recordingJobs({ ...people, env }) } = {},
) {
  const helpers = { job: { attempts } } as Parameters<Handler>[1];
  await jobs["call.recording"]!({ business_id: one.id, call_sid }, helpers);
}

function stateOf(call_sid: string) {
  return people.db.inBusiness(one.id, async (tx) => ({
    call: await tx.trx("calls").where({ call_sid }).first(),
    tasks: await tx.trx("tasks").where({ call_sid }),
  }));
}

describe("the recording job", () => {
  it("fetches with the account's credentials, stores, transcribes, and leaves one task", async () => {
    const { call_sid, sid } = await callWithRecording();
    await run(call_sid);
    const { call, tasks } = await stateOf(call_sid);
    expect(call).toMatchObject({
      recording_path: `media/${one.id}/recordings/${sid}.wav`,
      recording_content_type: "audio/wav",
      recording_transcript: message.text,
    });
    const path = join(dir, call.recording_path);
    expect((await readFile(path)).toString("latin1", 0, 4)).toBe("RIFF");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(tasks).toHaveLength(1);
    expect(tasks[0]).toMatchObject({ title: "הודעה קולית מ־+972501234567", status: "open" });
    expect(tasks[0].body).toBe(
      `הושארה הודעה מוקלטת (${call.recording_duration_seconds} שניות).\nתמלול ההודעה: ${message.text}`,
    );
    expect(openai.requests.at(-1)?.body).toMatchObject({ language: "he", model: "gpt-transcribe" });
    expect([twilio.violations, openai.violations]).toEqual([[], []]);
  });

  it("adds to the task that the fallback has made, and does nothing twice", async () => {
    const { call_sid } = await callWithRecording();
    await people.db.inBusiness(one.id, (tx) =>
      createTask(tx, {
        title: "לחזור",
        body: "לא נענתה.",
        call_sid,
        dedupe_key: fallbackTaskKey(call_sid),
      }),
    );
    await run(call_sid);
    const first = await stateOf(call_sid);
    await run(call_sid);
    expect(await stateOf(call_sid)).toEqual(first);
    expect(first.tasks).toHaveLength(1);
    expect(first.tasks[0].body).toMatch(/^לא נענתה\.\nהושארה.*\nתמלול ההודעה: [^\n]*$/);
    expect(twilio.requests).toHaveLength(1);
    expect(openai.requests).toHaveLength(1);
  });

  it.each(["fetched", "saved", "stored", "transcribed"])(
    "goes on when it was killed after it had %s",
    async (line) => {
      const { call_sid } = await callWithRecording();
      const media = openMediaStore(dir);
      const fetchRecording = createRecordingSource(createGuardedFetch(), env);
      const transcribe = createTranscriber(env)!;
      let alive = true;
      const dieAt = <T>(here: string, value: T): T => {
        if (alive && here === line) {
          alive = false;
          throw new Error("killed");
        }
        return value;
      };
      const jobs = createRecordingJobs({
        db: people.db,
        log: people.log,
        media: { ...media, save: async (...all) => dieAt("saved", await media.save(...all)) },
        fetchRecording: async (url) => dieAt("fetched", await fetchRecording(url)),
        transcribe: async (...all) => {
          dieAt("stored", null);
          return dieAt("transcribed", await transcribe(...all));
        },
      });
      await expect(run(call_sid, { jobs })).rejects.toThrow("killed");
      await run(call_sid, { jobs });
      const { call, tasks } = await stateOf(call_sid);
      expect(call.recording_transcript).toBe(message.text);
      expect(tasks).toHaveLength(1);
      expect(tasks[0].body.split("\n")).toHaveLength(2);
    },
  );

  it("is tried again while Twilio has it not ready, through the real queue", async () => {
    const { call_sid } = await callWithRecording();
    twilio.nextRequest({ kind: "http", status: 404 });
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const handler = recordingJobs({ ...people, env })["call.recording"]!;
    const attempts: number[] = [];
    const { rows } = await people.db.inSystem((tx) =>
      tx.trx.raw("select current_database() as name"),
    );
    const jobs = await startJobs({
      url: inject("postgres").template_url.replace(/[^/]+$/, rows[0].name),
      log: people.log,
      lanes: [
        {
          handlers: {
            async "call.recording"(payload, helpers) {
              attempts.push(helpers.job.attempts);
              await handler(payload, helpers);
              resolve();
            },
          },
        },
      ],
    });
    await people.db.inBusiness(one.id, (tx) => tx.enqueue("call.recording", { call_sid }));
    await done;
    await jobs.stop();
    expect(attempts).toEqual([1, 2]);
    expect((await stateOf(call_sid)).call.recording_transcript).toBe(message.text);
  });

  it("keeps the recording without a transcript when there is no key", async () => {
    const { call_sid } = await callWithRecording();
    const { OPENAI_API_KEY: _, ...without } = env;
    await run(call_sid, { jobs: recordingJobs({ ...people, env: without as Env }) });
    const { call, tasks } = await stateOf(call_sid);
    expect(call.recording_path).not.toBeNull();
    expect(call.recording_transcript).toBeNull();
    expect(tasks[0].body).toMatch(/^הושארה הודעה מוקלטת/);
  });

  it("says that nothing was said in a recording without words", async () => {
    const { call_sid } = await callWithRecording({ audio: Buffer.alloc(16_000, 0xff) });
    await run(call_sid);
    const { call, tasks } = await stateOf(call_sid);
    expect(call.recording_transcript).toBe("");
    expect(tasks[0].body).toContain("לא נשמעו מילים");
  });

  it.each([
    "https://evil.example.com/a.wav",
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:1/a.wav",
    "https://api.twilio.com.evil.test/a.wav",
  ])("goes to Twilio alone: it gives up %s at once and says so", async (url) => {
    const { call_sid } = await callWithRecording({ url });
    await run(call_sid);
    const { call, tasks } = await stateOf(call_sid);
    expect(call.recording_path).toBeNull();
    expect(tasks[0].body).toContain("לא ניתן היה להביא את ההקלטה");
    expect(JSON.stringify(people.logged)).not.toContain(env.TWILIO_AUTH_TOKEN);
  });

  it("gives up the fetching and the transcribing after ten attempts, not before", async () => {
    const { call_sid } = await callWithRecording();
    for (const status of [500, 500]) twilio.nextRequest({ kind: "http", status });
    await expect(run(call_sid, { attempts: 9 })).rejects.toThrow("500");
    await run(call_sid, { attempts: 10 });
    expect((await stateOf(call_sid)).tasks[0].body).toContain("לא ניתן היה להביא את ההקלטה");

    for (const status of [500, 500]) {
      openai.nextRequest("/v1/audio/transcriptions", { kind: "http", status });
    }
    await expect(run(call_sid, { attempts: 9 })).rejects.toThrow("500");
    await run(call_sid, { attempts: 10 });
    const { call, tasks } = await stateOf(call_sid);
    expect(call.recording_path).not.toBeNull();
    expect(tasks[0].body).toContain("לא ניתן היה לתמלל");
  });

  it("does not ask again for a transcript that the model refuses", async () => {
    const { call_sid } = await callWithRecording();
    openai.nextRequest("/v1/audio/transcriptions", { kind: "http", status: 400 });
    await run(call_sid);
    expect((await stateOf(call_sid)).tasks[0].body).toContain("לא ניתן היה לתמלל");
  });

  it("fetches a recording again whose file is gone, and leaves a call without one alone", async () => {
    const { call_sid, sid } = await callWithRecording();
    openai.nextRequest("/v1/audio/transcriptions", { kind: "http", status: 500 });
    await expect(run(call_sid)).rejects.toThrow("500");
    await rm(join(dir, "media", String(one.id), "recordings", `${sid}.wav`));
    await run(call_sid);
    const { call, tasks } = await stateOf(call_sid);
    expect(call.recording_transcript).toBe(message.text);
    expect(tasks[0].body.split("\n")).toHaveLength(2);
    await run("CA00000000000000000000000000000000");
  });
});

describe("GET /api/calls/{call_sid}/recording", () => {
  it("plays it to its business, with ranges, and to nobody else", async () => {
    const { call_sid } = await callWithRecording();
    const path = `/api/calls/${call_sid}/recording`;
    expect((await one.owner.get(path)).status).toBe(404);
    await run(call_sid);
    const { call } = await stateOf(call_sid);
    const file = await readFile(join(dir, call.recording_path));

    const got = await one.owner.get(path);
    expect(got.status).toBe(200);
    expect(Object.fromEntries(got.headers)).toMatchObject({
      "content-length": String(file.length),
      "content-type": "audio/wav",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-cache",
    });
    one.owner.headers["Range"] = "bytes=0-3";
    const part = await one.owner.get(path);
    delete one.owner.headers["Range"];
    expect([part.status, part.text]).toEqual([206, "RIFF"]);

    expect((await other.owner.get(path)).status).toBe(404);
    expect((await people.browser().get(path)).status).toBe(401);
    expect((await one.owner.get("/api/calls/..%2f..%2fetc/recording")).status).toBe(404);
  });
});

it("the media folder cannot be left by a stored path", () => {
  const media = openMediaStore(dir);
  for (const path of ["../secret", "media/../../secret", "/etc/passwd", "secret"]) {
    expect(() => media.pathOf(path)).toThrow("not in the media folder");
  }
});
