export { conversationRoutes } from "./routes.ts";
export { addMessage, changeThread, findOrCreateThread, requireThread } from "./service.ts";
