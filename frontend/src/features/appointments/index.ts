export { useAppointment, useAppointmentsOf, useUpcoming } from "./queries.ts";
