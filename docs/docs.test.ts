import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const elsewhere = (path: string) => /(^|\/)(node_modules|data|backups)(\/|$)/.test(path);
const pages = globSync("**/*.md", { cwd: root, exclude: elsewhere }).map((page) =>
  join(root, page),
);

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (page: string) =>
  [...readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

/** The relative links of a page that lead nowhere. */
function broken(page: string): string[] {
  const text = readFileSync(page, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path, anchor] = link.split("#");
    const target = path ? join(dirname(page), path) : page;
    if (!existsSync(target)) return true;
    if (!anchor || statSync(target).isDirectory()) return false;
    return !anchorsOf(target).includes(anchor);
  });
}

test("every relative link in the documentation leads somewhere", () => {
  expect(pages.length).toBeGreaterThan(10);
  const found = pages.map((page) => [relative(root, page), broken(page)] as const);
  expect(found.filter(([, links]) => links.length > 0)).toEqual([]);
});

test("every tag of the logs is explained", () => {
  const sources = globSync("{backend,baileys}/src/**/*.ts", { cwd: root });
  const text = sources
    .filter((path) => !path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(root, path), "utf8"))
    .join("\n");
  const tags = new Set([...text.matchAll(/["`](\[[A-Z-]{2,}\]) /g)].map(([, tag]) => tag!));
  const explained = readFileSync(join(root, "docs/operations/logs.md"), "utf8");
  expect(tags.size).toBeGreaterThan(10);
  expect([...tags].filter((tag) => !explained.includes(`\`${tag}\``))).toEqual([]);
});
