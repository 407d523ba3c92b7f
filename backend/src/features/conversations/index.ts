export { conversationRoutes } from "./routes.ts";
export {
  addMessage,
  changeThread,
  findOrCreateCallThread,
  findOrCreateThread,
  requireThread,
} from "./service.ts";
