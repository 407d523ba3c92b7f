import type { BinaryNode } from "@whiskeysockets/baileys";
import { expect, test } from "vitest";
import { createWriteAhead } from "./write-ahead.ts";

let now = 0;
const stuck_before = new Map<string, number>();
const make = () =>
  createWriteAhead({
    take: async () => {},
    failed: () => {},
    stuck_before,
    now: () => now,
  });

const message = (from: string, type = "msg"): BinaryNode => ({
  tag: "message",
  attrs: { from, id: `to ${from}` },
  content: [{ tag: "enc", attrs: { v: "2", type }, content: Buffer.from("sealed") }],
});

test("a message that gets nowhere is noticed; what is turned away unread is not waited for", () => {
  const writeAhead = make();
  writeAhead.arrived(message("123-456@g.us", "pkmsg"));
  writeAhead.arrived(message("status@broadcast"));
  writeAhead.arrived(message("972501234567@s.whatsapp.net", "msmsg"));
  now += 60_000;
  expect(writeAhead.stuckFor()).toBe(0);
  writeAhead.arrived(message("972501234567@s.whatsapp.net"));
  now += 5000;
  expect(writeAhead.stuckFor()).toBe(5000);
});

test("a message that was stuck on three connections is not waited for on the next", () => {
  for (let tries = 0; tries < 3; tries++) {
    const writeAhead = make();
    writeAhead.arrived(message("222000222000@lid"));
    now += 5000;
    expect(writeAhead.stuckFor()).toBe(5000);
    writeAhead.giveUp();
  }
  const writeAhead = make();
  writeAhead.arrived(message("222000222000@lid"));
  now += 5000;
  expect(writeAhead.stuckFor()).toBe(0);
});
