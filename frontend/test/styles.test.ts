import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "vue/compiler-sfc";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");
const PHYSICAL =
  /(?:^|[\s;{])(?:(?:margin|padding|border)-(?:left|right|top|bottom)\b|(?:left|right|top|bottom)\s*:|text-align:\s*(?:left|right)|float:|(?:min-|max-)?(?:width|height)\s*:)/gm;

test.each(globSync(["**/*.vue", "**/*.css"], { cwd: SRC }))(
  "%s uses logical properties only",
  async (file) => {
    const source = await readFile(join(SRC, file), "utf8");
    const css = file.endsWith(".css")
      ? source
      : parse(source)
          .descriptor.styles.map((style) => style.content)
          .join("\n");
    const withoutQueries = css.replace(/@media[^{]*/g, "");
    expect(withoutQueries.match(PHYSICAL) ?? []).toEqual([]);
  },
);
