import { beforeEach, expect, it } from "vitest";
import { ResponseSequencer } from "./response-sequencer.ts";

let sent: string[];
let sequencer: ResponseSequencer;

beforeEach(() => {
  sent = [];
  sequencer = new ResponseSequencer(
    ({ instructions }) => sent.push(instructions ?? "plain"),
    (id) => sent.push(`cancel ${id}`),
  );
});

it("asks for one response at a time, in order", () => {
  sequencer.request({ purpose: "answer" });
  sequencer.request({ purpose: "say", instructions: "a" });
  sequencer.request({ purpose: "say", instructions: "b" });
  expect(sent).toEqual(["plain"]);
  sequencer.started("r1");
  expect(sequencer.done("r1")?.request.purpose).toBe("answer");
  expect(sent).toEqual(["plain", "a"]);
  sequencer.started("r2");
  sequencer.done("r2");
  expect(sent).toEqual(["plain", "a", "b"]);
});

it("does not double a plain request that waits", () => {
  sequencer.request({ purpose: "answer" });
  sequencer.request({ purpose: "answer" });
  sequencer.request({ purpose: "answer" });
  sequencer.started("r1");
  sequencer.done("r1");
  sequencer.started("r2");
  sequencer.done("r2");
  expect(sent).toEqual(["plain", "plain"]);
  expect(sequencer.busy).toBe(false);
});

it("cancels what is being made and forgets what waits", () => {
  sequencer.request({ purpose: "answer" });
  sequencer.request({ purpose: "say", instructions: "a" });
  sequencer.started("r1");
  sequencer.cancelAll();
  sequencer.cancelAll();
  expect(sent).toEqual(["plain", "cancel r1"]);
  expect(sequencer.isDropped("r1")).toBe(true);
  sequencer.done("r1");
  expect(sequencer.busy).toBe(false);
});

it("cancels a response that is only being asked for once it has a name", () => {
  sequencer.request({ purpose: "answer" });
  sequencer.cancelAll();
  sequencer.request({ purpose: "answer" });
  expect(sent).toEqual(["plain"]);
  sequencer.started("r1");
  expect(sent).toEqual(["plain", "cancel r1"]);
  sequencer.done("r1");
  sequencer.started("r2");
  expect(sent).toEqual(["plain", "cancel r1", "plain"]);
  expect(sequencer.isDropped("r2")).toBe(false);
});

it("takes over a response nobody asked for", () => {
  sequencer.started("auto");
  sequencer.request({ purpose: "answer" });
  expect(sent).toEqual([]);
  expect(sequencer.done("auto")?.request.purpose).toBe("answer");
  expect(sent).toEqual(["plain"]);
});

it("a refused request is gone; a named response is not refused", () => {
  sequencer.request({ purpose: "say", instructions: "a" });
  expect(sequencer.refused()?.request.instructions).toBe("a");
  expect(sequencer.busy).toBe(false);
  sequencer.started("r1");
  expect(sequencer.refused()).toBeNull();
});

it("ends that come late or twice change nothing", () => {
  sequencer.request({ purpose: "answer" });
  sequencer.started("r1");
  expect(sequencer.done("other")).toBeNull();
  expect(sequencer.active?.id).toBe("r1");
  sequencer.done("r1");
  expect(sequencer.done("r1")).toBeNull();
});
