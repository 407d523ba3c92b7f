import type { BinaryNode } from "@whiskeysockets/baileys";

export type Stanza = BinaryNode;
type Attributes = Record<string, string | undefined>;

/** The server's own address: nobody at the domain. */
export const SERVER = "@s.whatsapp.net";

/** Something a client sent that WhatsApp would not accept. */
export class Malformed extends Error {
  override name = "Malformed";
}

/** A stanza; attributes without a value are left out. */
export function stanza(tag: string, attributes: Attributes = {}, content?: Stanza["content"]) {
  const attrs: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) attrs[name] = value;
  }
  return content === undefined ? { tag, attrs } : { tag, attrs, content };
}

export function children({ content }: Stanza, tag?: string): Stanza[] {
  if (!Array.isArray(content)) return [];
  return tag === undefined ? content : content.filter((node) => node.tag === tag);
}

export function maybeChild(node: Stanza, tag: string): Stanza | null {
  return children(node, tag)[0] ?? null;
}

/** The child of this tag. @throws Malformed without one */
export function child(node: Stanza, tag: string): Stanza {
  const found = maybeChild(node, tag);
  if (!found) throw new Malformed(`<${node.tag}> without <${tag}>`);
  return found;
}

/** @throws Malformed when the attribute is missing or empty */
export function attribute(node: Stanza, name: string): string {
  const value = node.attrs[name];
  if (!value) throw new Malformed(`<${node.tag}> without ${name}`);
  return value;
}

/** A node's content as bytes. @throws Malformed when there is none, or not `length` bytes */
export function bytes(node: Stanza, length?: number): Buffer {
  const { content } = node;
  if (content === undefined || Array.isArray(content)) {
    throw new Malformed(`<${node.tag}> without bytes`);
  }
  const found = Buffer.from(content as Uint8Array);
  if (length !== undefined && found.length !== length) {
    throw new Malformed(`<${node.tag}> of ${found.length} bytes, not ${length}`);
  }
  return found;
}

export function text(node: Stanza): string {
  return bytes(node).toString();
}

/** The big-endian number in a node's `length` bytes. */
export function uint(node: Stanza, length: number): number {
  return bytes(node, length).readUIntBE(0, length);
}

/** What it is, without what is in it: tags and attributes. */
export function describe(node: Stanza): string {
  const attributes = Object.entries(node.attrs).map(([name, value]) => ` ${name}=${value}`);
  const inside = children(node).map(describe);
  return `<${node.tag}${attributes.join("")}>${inside.length ? `[${inside.join("")}]` : ""}`;
}
