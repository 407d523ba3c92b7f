export { findBusinessByPhone } from "./numbers.ts";
export { businessRoutes } from "./routes.ts";
