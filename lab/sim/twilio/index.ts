export { TwilioSim, type TwilioSimOptions, type Violation } from "./server.ts";
export { SimCall, type CallEvent, type CallOptions } from "./call.ts";
export { MediaStream, type StreamEnd, type StreamFaults } from "./media-stream.ts";
export type { Spoken } from "./mouth.ts";
export type { DialResult } from "./line.ts";
export type { Recording } from "./recordings.ts";
export type { RestFault, SentMessage } from "./rest.ts";
