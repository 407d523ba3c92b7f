export { notificationJobs } from "./alert-mails.ts";
export { notificationRoutes } from "./routes.ts";
export { notify, resolveNotification } from "./store.ts";
export type { News } from "./store.ts";
