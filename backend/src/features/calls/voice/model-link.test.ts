import { beforeEach, expect, it } from "vitest";
import type { CloseKind, ModelConnection, ModelListener } from "./realtime-model.ts";
import { briefFor } from "../../../../test/telephone.ts";
import { FakeClock } from "./fake-clock.ts";
import { default_limits } from "./limits.ts";
import { ModelLink } from "./model-link.ts";

class Connection implements ModelConnection {
  state: ModelConnection["state"] = "connecting";
  listener: ModelListener | null = null;
  sendAudio(): void {}
  commitAudio(): void {}
  createResponse(): void {}
  cancelResponse(): void {}
  truncate(): void {}
  addText(): void {}
  addToolOutput(): void {}
  deleteItem(): void {}

  listen(listener: ModelListener): void {
    this.listener = listener;
    if (this.state === "ready") listener.ready();
  }

  ready(): void {
    this.state = "ready";
    this.listener?.ready();
  }

  fail(kind: CloseKind): void {
    this.state = "closed";
    this.listener?.closed(kind, "because");
  }

  close(): void {
    this.state = "closed";
  }
}

let clock: FakeClock;
let opened: Connection[];
let happened: string[];
let link: ModelLink;

beforeEach(() => {
  clock = new FakeClock();
  opened = [];
  happened = [];
  const nothing = () => undefined;
  link = new ModelLink({
    model: {
      connect() {
        const connection = new Connection();
        opened.push(connection);
        return connection;
      },
    },
    brief: briefFor("CA1"),
    limits: default_limits,
    clock,
    log: { info: nothing, warn: nothing, error: nothing },
    listener: { speechStarted: () => happened.push("speech") } as never,
    events: {
      up: (_connection, first) => happened.push(first ? "first" : "up"),
      down: () => happened.push("down"),
      retrying: () => happened.push("retrying"),
      failed: (kind) => happened.push(kind),
    },
  });
});

it("takes the session that was opened beforehand", () => {
  const parked = new Connection();
  parked.state = "ready";
  link.open(parked);
  expect(happened).toEqual(["first"]);
  expect(opened).toEqual([]);
});

it("tries three times to get a session, with pauses, then gives up", () => {
  link.open(null);
  opened[0]!.fail("unreachable");
  expect(opened).toHaveLength(1);
  clock.advance(300);
  opened[1]!.fail("unreachable");
  clock.advance(600);
  opened[2]!.fail("unreachable");
  clock.advance(10_000);
  expect(opened).toHaveLength(3);
  expect(happened).toEqual(["retrying", "retrying", "model_unreachable"]);
});

it("does not try again for longer than four seconds in all", () => {
  link.open(null);
  clock.advance(2_500);
  opened[0]!.fail("unreachable");
  clock.advance(300 + 2_500);
  opened[1]!.fail("unreachable");
  expect(happened).toEqual(["retrying", "model_unreachable"]);
});

it("does not try again when it was refused for good", () => {
  link.open(null);
  opened[0]!.fail("refused");
  expect(happened).toEqual(["model_refused"]);
});

it("opens another at once when one is lost", () => {
  link.open(null);
  opened[0]!.ready();
  opened[0]!.fail("lost");
  clock.advance(0);
  opened[1]!.ready();
  expect(happened).toEqual(["first", "down", "up"]);
});

it("gives up on sessions that are lost again and again without being of use", () => {
  link.open(null);
  for (let i = 0; i < 3; i++) {
    opened[i]!.ready();
    opened[i]!.fail("lost");
    clock.advance(0);
  }
  expect(opened).toHaveLength(3);
  expect(happened.at(-1)).toBe("model_closed");
});

it("counts anew after a session was of use, and after a planned end", () => {
  link.open(null);
  for (let i = 0; i < 5; i++) {
    opened[i]!.ready();
    link.healthy();
    opened[i]!.fail(i % 2 === 0 ? "lost" : "expired");
    clock.advance(0);
  }
  expect(opened).toHaveLength(6);
});

it("renews an old session in the background, and only at a pause", () => {
  link.open(null);
  opened[0]!.ready();
  clock.advance(54 * 60_000);
  link.renewIfOld(clock.now());
  expect(opened).toHaveLength(1);
  clock.advance(2 * 60_000);
  link.renewIfOld(clock.now());
  expect(opened).toHaveLength(2);
  opened[1]!.ready();
  expect(happened).toEqual(["first"]);
  link.renewIfOld(clock.now());
  expect(happened).toEqual(["first", "up"]);
  expect(opened[0]!.state).toBe("closed");
  opened[1]!.listener!.speechStarted();
  opened[0]!.listener!.speechStarted();
  expect(happened).toEqual(["first", "up", "speech"]);
});

it("closed, it holds nothing and opens nothing", () => {
  link.open(null);
  opened[0]!.fail("unreachable");
  link.close();
  clock.advance(10_000);
  expect(opened).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

it("closed while connecting, it ends the attempt", () => {
  link.open(null);
  link.close();
  expect(opened[0]!.state).toBe("closed");
  opened[0]!.ready();
  expect(happened).toEqual([]);
});
