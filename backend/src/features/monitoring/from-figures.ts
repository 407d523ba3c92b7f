import type { Figures } from "./figures.ts";
import type { GaugeText, Sample } from "./gauges.ts";

interface FromFigures extends GaugeText {
  read: (figures: Figures) => Sample[];
}

/** What the database knows: the same in every process, so `max` over them is the figure. */
export const FROM_FIGURES: FromFigures[] = [
  {
    name: "calls_recent",
    help: "Calls begun in the last 30 minutes, by status",
    labels: ["status"],
    read: ({ calls }) => calls.map(({ status, calls: count }) => [count, { status }]),
  },
  {
    name: "whatsapp_incident",
    help: "1: this business's WhatsApp is down, and a person was told",
    labels: ["business_id", "reason"],
    read: ({ incidents }) =>
      incidents.map(({ business_id, reason }) => [
        1,
        { business_id: String(business_id), reason: reason ?? "" },
      ]),
  },
  {
    name: "messages_waiting",
    help: "Messages on their way out that no provider has confirmed, by status",
    labels: ["status"],
    read: ({ outgoing }) => outgoing.map(({ status, messages }) => [messages, { status }]),
  },
  {
    name: "messages_waiting_seconds",
    help: "How long the oldest of these has been waiting",
    labels: ["status"],
    read: ({ outgoing }) => outgoing.map((one) => [one.oldest_seconds, { status: one.status }]),
  },
  {
    name: "messages_not_sent",
    help: "Messages of the last hour that could not be sent",
    read: ({ not_sent }) => [[not_sent]],
  },
  {
    name: "chats_unanswered",
    help: "Conversations in which the agent owes an answer and fails to give it",
    read: ({ unanswered }) => [[unanswered.chats]],
  },
  {
    name: "chats_unanswered_seconds",
    help: "How long it has been failing in the oldest of these",
    read: ({ unanswered }) => [[unanswered.longest_seconds]],
  },
  {
    name: "jobs_failed",
    help: "Jobs that were tried as often as they may be, by task",
    labels: ["task"],
    read: ({ jobs }) => jobs.failed.map(({ task, jobs: count }) => [count, { task }]),
  },
  {
    name: "jobs_waiting",
    help: "Jobs that are due and not begun",
    read: ({ jobs }) => [[jobs.waiting]],
  },
  {
    name: "jobs_waiting_seconds",
    help: "For how long the oldest of these is due",
    read: ({ jobs }) => [[jobs.oldest_seconds]],
  },
  {
    name: "backup_age_seconds",
    help: "Age of the newest backup that was restored as a test; nothing without one",
    read: ({ backup_age_seconds: age }) => (age === null ? [] : [[age]]),
  },
  {
    name: "backup_failed",
    help: "1: the latest attempt at a backup failed",
    read: ({ backup_failed }) => [[backup_failed ? 1 : 0]],
  },
  {
    name: "database_bytes",
    help: "What the database takes of its disk",
    read: ({ database_bytes }) => [[database_bytes]],
  },
];
