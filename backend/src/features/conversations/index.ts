export { askAgent, pauseAgent } from "./agent-turn.ts";
export { conversationRoutes } from "./routes.ts";
export {
  addMessage,
  changeThread,
  findOrCreateCallThread,
  findOrCreateThread,
  requireMessage,
  requireThread,
} from "./service.ts";
export type { NewMessage } from "./store.ts";
