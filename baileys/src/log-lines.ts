import { pino } from "pino";
import type { LoggerOptions } from "pino";

const TAG = /^\[([A-Z-]+)\]/;
const WARNING = 40;

/** Lines of the whole process, by level and tag. */
const lines = new Map<string, number>();

/** How many warnings and errors this process has logged; `tag` is '' for lines without one. */
export function loggedLines(): { level: string; tag: string; lines: number }[] {
  return [...lines].map(([key, count]) => {
    const [level = "", tag = ""] = key.split(" ");
    return { level, tag, lines: count };
  });
}

/** For pino: counts what is logged through it. */
export const counting: NonNullable<LoggerOptions["hooks"]> = {
  logMethod(args, method, level) {
    if (level >= WARNING) {
      const text = (args as unknown[]).find((arg) => typeof arg === "string") ?? "";
      const key = `${pino.levels.labels[level]} ${TAG.exec(text as string)?.[1] ?? ""}`;
      lines.set(key, (lines.get(key) ?? 0) + 1);
    }
    method.apply(this, args);
  },
};
