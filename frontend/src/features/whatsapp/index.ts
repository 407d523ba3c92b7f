export { useWhatsappStatus } from "./queries.ts";
