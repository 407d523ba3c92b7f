export { taskJobs } from "./reminders.ts";
export { taskRoutes } from "./routes.ts";
export { createTask } from "./service.ts";
