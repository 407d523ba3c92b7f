export { notificationJobs } from "./alert-mails.ts";
export { notifyAgency, resolveAgency } from "./agency.ts";
export { notificationRoutes } from "./routes.ts";
export { notify, resolveNotification } from "./store.ts";
export type { News } from "./store.ts";
