export { default as ThreadRow } from "./ThreadRow.vue";
export { useNow } from "./now.ts";
export { useUnread } from "./queries.ts";
