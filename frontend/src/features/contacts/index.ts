export { default as ContactDialog } from "./ContactDialog.vue";
export { useContact } from "./queries.ts";
