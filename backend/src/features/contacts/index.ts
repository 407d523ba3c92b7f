export { contactRoutes } from "./routes.ts";
export {
  createContactByName,
  findOrCreateContact,
  nameIfUnknown,
  requireContact,
} from "./service.ts";
