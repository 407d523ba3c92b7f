export { findBusinessByPhone } from "./numbers.ts";
export { businessesRoutes } from "./routes.ts";
export { createBusiness } from "./store.ts";
