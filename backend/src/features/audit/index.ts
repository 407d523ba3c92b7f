export { auditRoutes } from "./routes.ts";
export { audit } from "./store.ts";
