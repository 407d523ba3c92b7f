import { WEEKDAYS, type Settings } from "@agentlocator/contract";
import type { DateTime } from "luxon";
import { hoursOn } from "../appointments/index.ts";
import { phrasesOf, spokenDay, spokenTime } from "./phrases.ts";
import { english, hebrew, type RulesText } from "./rules-text.ts";
import type { Channel } from "./tool.ts";

/** Exceptions to the ordinary week are told this far ahead. */
const EXCEPTION_DAYS = 21;

export interface InstructionsFor {
  business_name: string;
  settings: Settings;
  channel: Channel;
  /** In the business's zone. */
  now: DateTime;
}

/**
 * The receptionist's instructions, in the business's language: who it is, what time it is, when
 * the business is open, the business's own words, and the rules that hold whatever anybody says.
 */
export function buildInstructions(given: InstructionsFor): string {
  const { business_name, settings, channel, now } = given;
  const text = settings.language.startsWith("he") ? hebrew : english;
  const phrases = phrasesOf(settings.language);
  const sections = [
    text.role(business_name, channel),
    text.now(spokenTime(phrases, now), settings.timezone),
    `${text.hours}\n${weekHours(settings, text)}`,
    exceptions(settings, now, text),
    text.slot(settings.slot_minutes),
    settings.ai_prompt.trim() && `${text.business}\n"""\n${settings.ai_prompt.trim()}\n"""`,
    `${text.rules_title}\n${bullets(text.rules(channel))}`,
  ];
  return sections.filter(Boolean).join("\n\n");
}

function weekHours({ business_hours }: Settings, text: RulesText): string {
  const days = WEEKDAYS.map((day, i) => {
    const hours = business_hours[day] ?? [];
    return `${text.weekdays[i]}: ${spans(hours, text)}`;
  });
  return bullets(days);
}

/** The days of the next weeks that differ from the ordinary week, with the holiday's name. */
function exceptions(settings: Settings, now: DateTime, text: RulesText): string {
  const phrases = phrasesOf(settings.language);
  const lines: string[] = [];
  for (let i = 0; i < EXCEPTION_DAYS; i += 1) {
    const day = now.plus({ days: i });
    const date = day.toISODate()!;
    const { hours, holiday } = hoursOn(settings, date);
    if (!holiday && !settings.closed_dates.includes(date)) continue;
    const name = holiday ? ` (${phrases.locale === "he" ? holiday.he : holiday.en})` : "";
    lines.push(`${spokenDay(phrases, day)}${name}: ${spans(hours, text)}`);
  }
  return lines.length > 0 ? `${text.exceptions}\n${bullets(lines)}` : "";
}

function spans(hours: readonly (readonly [string, string])[], text: RulesText): string {
  if (hours.length === 0) return text.closed;
  return hours.map(([from, to]) => `${from}-${to}`).join(", ");
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
