export { notificationRoutes } from "./routes.ts";
export { notify } from "./store.ts";
export type { News } from "./store.ts";
