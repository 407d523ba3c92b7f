export { ensureFirstAdmin } from "./first-admin.ts";
export { authJobs } from "./jobs.ts";
export { dropPasswordLinks, INVITATION_MS, makePasswordLink } from "./password-links.ts";
export { createPasswords } from "./passwords.ts";
export type { Passwords } from "./passwords.ts";
export { authRoutes } from "./routes.ts";
export { sessionInfo } from "./session-info.ts";
export { createSessionLoader } from "./session-store.ts";
