/** Fills `{{name}}` in a template's words; what is not filled stays as it is. */
export function fillTemplate(body: string, values: Record<string, string>): string {
  return body.replace(/\{\{\s*([\w-]+)\s*\}\}/g, (mark, name: string) => values[name] || mark);
}
