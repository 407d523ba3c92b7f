export type {
  Appointment,
  Business,
  BusinessCreate,
  BusinessHours,
  Call,
  CallStatus,
  CallSummary,
  Contact,
  Dashboard,
  Ledger,
  Notification,
  Problem,
  Role,
  SessionInfo,
  Settings,
  SettingsPatch,
  Task,
  Turn,
  User,
  Weekday,
} from "@agentlocator/contract";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

