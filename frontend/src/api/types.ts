import type { Business, User } from "@agentlocator/contract";

export type {
  Appointment,
  Business,
  BusinessCreate,
  BusinessHours,
  Call,
  CallStatus,
  CallSummary,
  Contact,
  Ledger,
  Notification,
  Problem,
  Role,
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

/** Who is signed in, and which business they act for. */
export interface Session {
  user: User;
  tenant: Business | null;
  impersonating: boolean;
  csrf_token: string;
  demo?: boolean;
}

export interface Dashboard {
  calls_today: number;
  calls_fallback_today: number;
  appointments_booked_today: number;
  tasks_open: number;
  answer_ms_median: number | null;
}
