import type { Call, Settings } from "./generated/types.gen.ts";

export type {
  Appointment,
  AppointmentCreate,
  AppointmentPatch,
  Assignee,
  Business,
  BusinessCreate,
  Call,
  CallSummary,
  Contact,
  Dashboard,
  Ledger,
  Notification,
  Problem,
  SessionInfo,
  Settings,
  SettingsPatch,
  Task,
  TaskCreate,
  TaskPatch,
  Thread,
  ThreadMessage,
  ThreadPatch,
  ThreadSummary,
  Turn,
  WebhookAside,
  WhatsappSend,
  WhatsappStatus,
  WhatsappTemplate,
} from "./generated/types.gen.ts";

export type BusinessHours = Settings["business_hours"];
export type Weekday = keyof BusinessHours;
export type CallStatus = Call["status"];
