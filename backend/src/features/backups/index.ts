export { afterRestore } from "./after-restore.ts";
export { backupJobs } from "./check.ts";
export { backupRoutes } from "./routes.ts";
