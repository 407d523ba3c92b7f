export { useOpenTasks } from "./queries.ts";
