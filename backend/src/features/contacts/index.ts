export { contactRoutes } from "./routes.ts";
export { findOrCreateContact, requireContact } from "./service.ts";
