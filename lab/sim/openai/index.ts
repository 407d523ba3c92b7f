export { OpenAiSim, type OpenAiSimOptions } from "./server.ts";
export type { RealtimeConnection, Violation } from "./connection.ts";
export type { Brain, BrainItem, BrainReply, BrainState } from "./brain.ts";
export type { Fault } from "./faults.ts";
export type { Latency } from "./latency.ts";
export type { RestFault, RestRequest } from "./rest.ts";
export { already_taken, receptionist } from "./receptionist.ts";
