import type { WhatsappTemplate } from "@agentlocator/contract";
import { problem } from "../../../../http/problem.ts";

const PLACEHOLDER = /\{\{\s*([\w-]{1,40})\s*\}\}/g;
/** WhatsApp refuses these in a variable. */
const FORBIDDEN = /[\n\t]| {5,}/;

/** The names between `{{` and `}}`, each once. */
export function placeholders(body: string): string[] {
  return [...new Set([...body.matchAll(PLACEHOLDER)].map(([, name]) => name!))];
}

/**
 * The template's text with the variables in it.
 * @throws the 400 problem that names each variable that is missing, unknown or not allowed
 */
export function fillTemplate(
  { body, variables: examples }: Pick<WhatsappTemplate, "body" | "variables">,
  given: Record<string, string>,
): string {
  const wanted = new Set([...placeholders(body), ...Object.keys(examples)]);
  const errors: { path: string; message: string }[] = [];
  const wrong = (name: string, message: string) =>
    errors.push({ path: `body.template_variables.${name}`, message });
  for (const name of wanted) {
    const value = given[name];
    if (value === undefined || value.trim() === "") wrong(name, "this variable needs a value");
    else if (FORBIDDEN.test(value)) wrong(name, "no line breaks, tabs or rows of spaces");
  }
  for (const name of Object.keys(given)) {
    if (!wanted.has(name)) wrong(name, "the template has no such variable");
  }
  if (errors.length > 0) {
    throw problem(400, "template_variables", "The template's variables do not fit.", { errors });
  }
  return body.replaceAll(PLACEHOLDER, (_, name: string) => given[name] ?? "");
}
