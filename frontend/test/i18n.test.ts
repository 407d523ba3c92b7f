import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "vue/compiler-sfc";
import { describe, expect, test } from "vitest";
import en from "../src/i18n/en.json" with { type: "json" };
import he from "../src/i18n/he.json" with { type: "json" };

const SRC = join(import.meta.dirname, "../src");
const files = globSync(["**/*.vue", "**/*.ts"], { cwd: SRC, exclude: ["api/generated/**"] });

function flatten(messages: object, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(messages)) {
    if (typeof value === "string") flat.set(prefix + key, value);
    else for (const entry of flatten(value as object, `${prefix}${key}.`)) flat.set(...entry);
  }
  return flat;
}
const hebrew = flatten(he);
const english = flatten(en);

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].toSorted();
const forms = (text: string) => text.split(" | ").length;

interface Node {
  type: number;
  content?: string | Node;
  children?: Node[];
  branches?: Node[];
  props?: { type: number; name: string; value?: { content: string } }[];
  loc: { start: { line: number } };
}
const TEXT = 2;
const ATTRIBUTE = 6;
const READ_ALOUD = ["label", "title", "placeholder", "aria-label", "alt", "hint", "text"];

function* rawText(node: Node): Generator<string> {
  if (node.type === TEXT && typeof node.content === "string" && /\p{L}/u.test(node.content)) {
    yield `line ${node.loc.start.line}: ${node.content.trim()}`;
  }
  for (const prop of node.props ?? []) {
    const text = prop.type === ATTRIBUTE ? prop.value?.content : undefined;
    if (READ_ALOUD.includes(prop.name) && text && /\p{L}/u.test(text)) {
      yield `line ${node.loc.start.line}: ${prop.name}="${text}"`;
    }
  }
  for (const child of node.children ?? []) yield* rawText(child);
}

describe("the two languages", () => {
  test("have the same keys", () => {
    expect([...english.keys()].toSorted()).toEqual([...hebrew.keys()].toSorted());
  });

  test("have the same placeholders and plural forms", () => {
    const shape = ([key, text]: [string, string]) => [key, placeholders(text), forms(text)];
    expect([...english].map(shape).toSorted()).toEqual([...hebrew].map(shape).toSorted());
  });

  test("no Hebrew is left in English, but the name of the other language", () => {
    const left = [...english].filter(([, text]) => /[\u0590-\u05ff]/.test(text));
    expect(left.map(([key]) => key)).toEqual(["shell.other_language"]);
  });
});

test.each(files)("%s uses only keys that exist", async (file) => {
  const source = await readFile(join(SRC, file), "utf8");
  const used = [
    ...source.matchAll(/(?<![\w$.])\$?t\(\s*["']([\w.]+)["']/g),
    ...source.matchAll(/\b(?:key|title): "([a-z_]+\.[\w.]+)"/g),
    ...source.matchAll(/\btoast\(\s*"([\w.]+)"/g),
  ].map((match) => match[1]!);
  expect(used.filter((key) => !hebrew.has(key))).toEqual([]);
});

test.each(files.filter((file) => file.endsWith(".vue")))(
  "%s has no raw text in its template",
  async (file) => {
    const { descriptor } = parse(await readFile(join(SRC, file), "utf8"));
    const ast = descriptor.template?.ast as unknown as Node | undefined;
    expect(ast ? [...rawText(ast)] : []).toEqual([]);
  },
);

test("every key is used", async () => {
  const source = (await Promise.all(files.map((file) => readFile(join(SRC, file), "utf8")))).join();
  const dynamic = [...source.matchAll(/`([a-z_]+\.)(?:[a-z_]*)\$\{/g)].map((match) => match[1]!);
  const unused = [...hebrew.keys()].filter(
    (key) =>
      !source.includes(`"${key}"`) &&
      !source.includes(`'${key}'`) &&
      !dynamic.some((prefix) => key.startsWith(prefix)),
  );
  expect(unused).toEqual([]);
});
