/** JSON in which Buffers and Uint8Arrays come back as Buffers, written as Baileys writes them. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(pack(value)), "utf8");
}

export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString("utf8"), revive);
}

/** Done before JSON.stringify: that would first ask a Buffer for an array of its numbers. */
function pack(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = value;
    return { type: "Buffer", data: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  if (Array.isArray(value)) return value.map(pack);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return pack(toJSON.call(value));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, pack(inner)]));
}

function revive(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { type, data } = value as { type?: unknown; data?: unknown };
  return type === "Buffer" && typeof data === "string" ? Buffer.from(data, "base64") : value;
}
