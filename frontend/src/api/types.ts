import type { Call, ReadyResponses, Settings } from "./generated/types.gen.ts";

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
  PasswordLink,
  Problem,
  SessionInfo,
  Settings,
  SettingsPatch,
  Task,
  TaskCreate,
  TaskPatch,
  TeamMember,
  Thread,
  ThreadMessage,
  ThreadPatch,
  ThreadSummary,
  Turn,
  UserCreate,
  UserPatch,
  WebhookAside,
  WhatsappSend,
  WhatsappStatus,
  WhatsappTemplate,
} from "./generated/types.gen.ts";

export type BusinessHours = Settings["business_hours"];
export type Weekday = keyof BusinessHours;
export type CallStatus = Call["status"];
export type Readiness = ReadyResponses[200];
