import { randomBytes } from "node:crypto";

export function callSid(): string {
  return `CA${randomBytes(16).toString("hex")}`;
}
