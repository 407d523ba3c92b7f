import type { Role } from "@agentlocator/contract";

/** What a person may do inside one business. */
export type Permission =
  | "settings.read"
  | "settings.write"
  | "users.manage"
  | "audit.read"
  | "calls.read"
  | "threads.read"
  | "threads.write"
  | "contacts.read"
  | "contacts.write"
  | "appointments.read"
  | "appointments.write"
  | "tasks.read"
  | "tasks.write"
  | "notifications.read"
  | "whatsapp.read"
  | "whatsapp.manage";

/** What the agency's admins may do across businesses. */
export type SystemPermission = "businesses.manage" | "impersonate";

const OWNER_ONLY: ReadonlySet<Permission> = new Set([
  "settings.write",
  "users.manage",
  "audit.read",
  "whatsapp.manage",
]);

/** Whether a role has a permission in the acting business. An admin acts there as its owner would. */
export function may(role: Role, permission: Permission): boolean {
  return role !== "agent" || !OWNER_ONLY.has(permission);
}

/** Who may call a route; every route says it. */
export type Access =
  | { readonly business: Permission }
  | { readonly system: SystemPermission }
  | { readonly signed_in: string }
  | { readonly public: string };
