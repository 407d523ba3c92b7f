/** A small strict reader for the XML that TwiML uses: elements, attributes, text, comments. */

export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};
const token =
  /<\?[^]*?\?>|<!--[^]*?-->|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const attribute = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The root element. Throws, saying where, on anything that is not well-formed. */
export function parseXml(xml: string): Element {
  const top: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [top];
  token.lastIndex = 0;
  for (let at = 0; at < xml.length; at = token.lastIndex) {
    const found = token.exec(xml);
    if (!found) throw new Error(`not well-formed XML at character ${at}`);
    const [, closed, opened, attributes = "", empty, text] = found;
    const parent = open.at(-1) ?? top;
    if (closed !== undefined) {
      if (parent.name !== closed || open.length === 1) throw new Error(`unexpected </${closed}>`);
      open.pop();
    } else if (opened !== undefined) {
      const element: Element = { name: opened, attributes: {}, children: [], text: "" };
      for (const [, name = "", double, single] of attributes.matchAll(attribute)) {
        if (name in element.attributes) throw new Error(`attribute ${name} twice`);
        element.attributes[name] = unescape(double ?? single ?? "");
      }
      parent.children.push(element);
      if (!empty) open.push(element);
    } else if (text !== undefined) parent.text += unescape(text);
  }
  const [root, ...more] = top.children;
  if (open.length > 1) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  if (!root || more.length > 0 || top.text.trim()) throw new Error("one root element expected");
  return root;
}

function unescape(text: string): string {
  return text.replace(/&([^;&\s]*;?)/g, (_, body: string) => {
    const name = body.slice(0, -1);
    if (!body.endsWith(";")) throw new Error("unescaped &");
    const code = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name);
    if (code) return String.fromCodePoint(code[1] ? parseInt(code[1], 16) : Number(code[2]));
    const char = entities[name];
    if (char === undefined) throw new Error(`unknown entity &${body}`);
    return char;
  });
}
