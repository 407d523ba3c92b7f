export type { Diary, Span } from "./availability.ts";
export { hoursOn } from "./availability.ts";
export { appointmentRoutes } from "./routes.ts";
export { book, changeAppointment, checkSlot, freeSlotsIn, moveAppointment } from "./service.ts";
export { bookedOf, findAppointment } from "./store.ts";
