export { findBusinessByPhone } from "./numbers.ts";
export { businessRoutes } from "./routes.ts";
export { createBusiness } from "./store.ts";
