export { WhatsAppSim, type WhatsAppSimOptions } from "./server.ts";
