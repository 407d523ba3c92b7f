export { TwilioSim, type TwilioSimOptions, type Violation } from "./server.ts";
export type { SimCall, CallEvent, CallOptions } from "./call.ts";
export type { MediaStream, StreamEnd, StreamFaults } from "./media-stream.ts";
export type { Spoken } from "./mouth.ts";
export type { DialResult } from "./line.ts";
export type { Recording } from "./recordings.ts";
export type { RestFault, SentMessage } from "./rest.ts";
