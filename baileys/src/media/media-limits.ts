import type { GatewayMessageEvent } from "@agentlocator/contract";

const MB = 1024 * 1024;

/** WhatsApp's own limits; a document may be larger there, but not here. Bytes. */
const LIMITS: Partial<Record<GatewayMessageEvent["type"], number>> = {
  image: 16 * MB,
  audio: 16 * MB,
  video: 64 * MB,
  document: 64 * MB,
  sticker: 1 * MB,
};

/** The most bytes that media of this kind may have. */
export const mediaLimit = (type: GatewayMessageEvent["type"]): number => LIMITS[type] ?? 16 * MB;
