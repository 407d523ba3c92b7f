export { normalizePhone, regionOfBusiness } from "./phone.ts";
export { contactRoutes } from "./routes.ts";
export { findOrCreateContact, requireContact } from "./service.ts";
