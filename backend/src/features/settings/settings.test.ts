import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "../../../test/browser.ts";
import { expectProblem } from "../../../test/browser.ts";
import { createPeople } from "../../../test/people.ts";
import type { TestPeople } from "../../../test/people.ts";
import { loadSettings } from "./index.ts";

let people: TestPeople;
let owner: Browser;
let id: number;
beforeAll(async () => {
  people = await createPeople();
  ({ owner, id } = await people.business());
});
afterAll(() => people.close());

const change = (patch: object) => owner.patch("/api/settings", patch);

test("every field that is changed comes back changed, the others as they were", async () => {
  const before = (await owner.get("/api/settings")).body;
  const patch = {
    ai_prompt: "ענו בקצרה",
    greeting: "",
    greeting_mode: "play",
    voice: "cedar",
    language: "en",
    timezone: "Europe/Paris",
    business_hours: {
      sun: [
        ["08:00", "12:00"],
        ["13:00", "24:00"],
      ],
      fri: [],
    },
    slot_minutes: 45,
    closed_dates: [],
    vad: { threshold_db: 12.5, grace_ms: 250, confirm_ms: 160 },
    barge_in: false,
    whatsapp_provider: "twilio",
    whatsapp_write_first: true,
    ai_enabled_calls: false,
    ai_enabled_whatsapp: false,
    human_pause_minutes: 5,
    quiet_hours: { from: "22:00", to: "08:00" },
    transfer_number: "+14155550100",
    alerts_by_mail: false,
  };
  expect(Object.keys(patch).toSorted()).toEqual(Object.keys(before).toSorted());
  for (const [name, value] of Object.entries(patch)) {
    const answer = await change({ [name]: value });
    expect(answer.body, answer.text).toEqual({ ...before, [name]: value });
    before[name] = value;
  }
  expect((await owner.get("/api/settings")).body).toEqual(patch);
  const loaded = await people.db.inBusiness(id, loadSettings);
  expect(loaded).toMatchObject(patch);
});

test("closed dates are kept sorted, each once", async () => {
  const answer = await change({ closed_dates: ["2027-05-01", "2026-12-31", "2027-05-01"] });
  expect(answer.body.closed_dates).toEqual(["2026-12-31", "2027-05-01"]);
});

test("the transfer number is normalised, and may be taken away", async () => {
  expect((await change({ transfer_number: "054-1234567" })).body.transfer_number).toBe(
    "+972541234567",
  );
  expect((await change({ transfer_number: "" })).body.transfer_number).toBeNull();
  expect((await change({ transfer_number: null })).body.transfer_number).toBeNull();
});

test("quiet hours may be taken away", async () => {
  await change({ quiet_hours: { from: "13:00", to: "14:30" } });
  expect((await change({ quiet_hours: null })).body.quiet_hours).toBeNull();
});

test("a transfer to the line that is being called is refused", async () => {
  const own = (await owner.get("/api/auth/me")).body.tenant.phone_number;
  const answer = await change({ transfer_number: own });
  expectProblem(answer, 400, "invalid_input");
  expect(answer.body.errors[0].path).toBe("body.transfer_number");
});

test.each([
  [{ colour: "blue" }, "body"],
  [{ business_id: 2 }, "body"],
  [{ vad: { threshold_db: 10, grace_ms: 300, confirm_ms: 120, more: 1 } }, "body.vad"],
  [{ business_hours: { sunday: [] } }, "body.business_hours"],
  [{ business_hours: { sun: [["17:00", "09:00"]] } }, "body.business_hours.sun.0"],
  [
    {
      business_hours: {
        sun: [
          ["09:00", "12:00"],
          ["11:00", "13:00"],
        ],
      },
    },
    "body.business_hours.sun",
  ],
  [{ slot_minutes: 0 }, "body.slot_minutes"],
  [{ quiet_hours: { from: "22:00", to: "22:00" } }, "body.quiet_hours"],
  [{ quiet_hours: { from: "22:00", to: "24:00" } }, "body.quiet_hours.to"],
  [{ quiet_hours: { from: "22:00" } }, "body.quiet_hours.to"],
  [{ closed_dates: ["31/12/2026"] }, "body.closed_dates.0"],
  [{ timezone: "Israel Time" }, "body.timezone"],
  [{ transfer_number: "ask Dana" }, "body.transfer_number"],
  [{ voice: "../../etc" }, "body.voice"],
])("%j is refused, naming the field", async (patch, path) => {
  const before = (await owner.get("/api/settings")).body;
  const answer = await change({ human_pause_minutes: 99, ...patch });
  expectProblem(answer, 400, "invalid_input");
  expect(answer.body.errors[0].path).toBe(path);
  expect((await owner.get("/api/settings")).body).toEqual(before);
});

test("the audit log has who changed which fields, and not what was written", async () => {
  await change({ ai_prompt: "סודי ביותר", slot_minutes: 20 });
  const [entry] = (await owner.get("/api/audit")).body.items;
  expect(entry).toMatchObject({
    action: "settings.changed",
    actor_name: "Owner 1",
    detail: { fields: ["ai_prompt", "slot_minutes"] },
  });
  expect(JSON.stringify(entry)).not.toContain("סודי");
});
