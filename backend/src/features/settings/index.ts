export { settingsRoutes } from "./routes.ts";
export { insertSettings, loadSettings } from "./store.ts";
