export { useAppointment, useUpcoming } from "./queries.ts";
