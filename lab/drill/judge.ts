import type { CallReport, MessageReport, Report } from "../appliance/simulators/report.ts";
import type { Books } from "./books.ts";

/** When a row began and its fault, in ms of the epoch. */
export interface Times {
  readonly row: number;
  readonly fault: number;
}

/** What people noticed of a fault, and what is missing afterwards. */
export interface Verdict {
  readonly callers: string;
  readonly customers: string;
  /** Each thing that is lost or wrong, in words; none is right. */
  readonly lost: readonly string[];
  /** From the fault's beginning until nobody noticed anything any more; 0: nobody ever did. */
  readonly noticed_ms: number;
}

/** An answer on WhatsApp that takes longer is noticed. */
const SLOW_MS = 10_000;

/** Compares what people did and noticed since the row began with what is in the books. */
export function judge(report: Report, books: Books, times: Times): Verdict {
  const calls = report.calls.filter(({ placed_at }) => placed_at >= times.row);
  const messages = report.messages.filter(({ written_at }) => written_at >= times.row);
  const noticed = [
    ...calls.flatMap((call) => call.noticed.map(({ at }) => at)),
    ...messages.filter(({ answered_at }) => answered_at.length > 0).flatMap(lateAnswer),
  ].filter((at) => at >= times.fault);
  return {
    callers: callersNoticed(calls),
    customers: customersNoticed(messages),
    lost: [...missing(calls, messages, books), ...unbooked(report, books)],
    noticed_ms: Math.max(0, ...noticed.map((at) => at - times.fault)),
  };
}

const lateAnswer = ({ written_at, answered_at }: MessageReport) =>
  answered_at.filter((at) => at - written_at > SLOW_MS);

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

function callersNoticed(calls: readonly CallReport[]): string {
  const count = (what: string) =>
    calls.filter(({ noticed }) => noticed.some((one) => one.what === what)).length;
  const longest = Math.max(0, ...calls.map(({ longest_silence_ms }) => longest_silence_ms));
  const parts = [
    [count("refused"), "got through to nobody"],
    [count("cut"), "cut off"],
    [count("again"), "had to begin again"],
    [count("recorder"), "asked for a message"],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, words]) => `${n} ${words}`);
  const quiet = `longest silence ${seconds(longest)}`;
  return `of ${calls.length}: ${[...(told.length > 0 ? told : ["nothing"]), quiet].join(", ")}`;
}

function customersNoticed(messages: readonly MessageReport[]): string {
  const waits = messages.map(({ written_at, answered_at: [at] }) => (at ? at - written_at : 0));
  const slow = waits.filter((ms) => ms > SLOW_MS).length;
  const told = slow > 0 ? `${slow} answered late` : "nothing";
  return `of ${messages.length}: ${told}, slowest answer ${seconds(Math.max(0, ...waits))}`;
}

function missing(
  calls: readonly CallReport[],
  messages: readonly MessageReport[],
  books: Books,
): string[] {
  const rows = new Map(books.calls.map((row) => [row.call_sid, row]));
  return [
    ...calls.flatMap((call) => wrongRow(call, rows.get(call.sid))),
    ...messages.flatMap(({ id, n }) => {
      const stored = books.messages[id] ?? 0;
      return stored === 1 ? [] : [`message ${n} is stored ${stored} times`];
    }),
    ...messages
      .filter(({ answered_at }) => answered_at.length !== 1)
      .map(({ n, answered_at }) => `message ${n} is answered ${answered_at.length} times`),
  ];
}

function wrongRow(call: CallReport, row: Books["calls"][number] | undefined): string[] {
  const { sid, recording_sid, noticed } = call;
  // A call that never reached anybody can't be known.
  const reached = !noticed.some(({ what }) => what === "refused");
  if (!row) return reached ? [`call ${sid} is not in the books`] : [];
  if (!row.over) return [`call ${sid} is over, but ${row.status} in the books`];
  if (recording_sid && !row.kept) return [`the message left in call ${sid} is missing`];
  return [];
}

function unbooked({ confirmed }: Report, books: Books): string[] {
  const standing = new Set(books.appointments);
  const told = confirmed.flatMap(({ output }) => (output["ok"] ? [output["appointment_id"]] : []));
  const gone = told.filter((id) => !standing.has(Number(id)));
  return [
    ...gone.map((id) => `appointment ${String(id)} was confirmed and is not booked`),
    ...(books.doubled > 0 ? [`${books.doubled} appointments at the same time`] : []),
    ...(books.unsent > 0 ? [`${books.unsent} messages of the agent were not sent`] : []),
    ...books.given_up.map((job) => `the job ${job} was given up`),
  ];
}
