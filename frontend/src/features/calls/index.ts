export { default as CallRow } from "./CallRow.vue";
export { default as DemoCallButton } from "./DemoCallButton.vue";
export { default as LiveCallCard } from "./LiveCallCard.vue";
export { isLive, useLiveCalls } from "./queries.ts";
