export type { Customer } from "./customer.ts";
export type { AckFault, Break, ConnectionFault, LoginFault } from "./faults.ts";
export type { AnyContent, Violation } from "./network.ts";
export type { Phone } from "./phone.ts";
export { WhatsAppSim, type WhatsAppSimOptions } from "./server.ts";
export type { CustomerOptions, Received, WriteOptions } from "./talk.ts";
