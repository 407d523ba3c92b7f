export { createPrompts } from "./prompts.ts";
export type { Prompts } from "./prompts.ts";
export type { PlayedGreeting } from "./greetings.ts";
