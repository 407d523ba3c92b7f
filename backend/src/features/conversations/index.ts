export { askAgent, pauseAgent } from "./agent-turn.ts";
export { conversationRoutes } from "./routes.ts";
export { changeThread, findOrCreateCallThread, findOrCreateThread } from "./service.ts";
