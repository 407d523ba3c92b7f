import {
  mdiAccountGroupOutline,
  mdiAccountMultipleOutline,
  mdiCalendarMonthOutline,
  mdiCheckboxMarkedCircleOutline,
  mdiMessageTextOutline,
  mdiPhoneInTalkOutline,
  mdiPhoneLogOutline,
  mdiTuneVariant,
  mdiViewDashboardOutline,
  mdiWhatsapp,
} from "@mdi/js";

export interface NavItem {
  to: string;
  /** i18n key. */
  key: string;
  icon: string;
  /** Only for who manages the business. */
  owner?: boolean;
}

export const NAV_ITEMS: NavItem[] = [
  { to: "/app", key: "nav.dashboard", icon: mdiViewDashboardOutline },
  { to: "/app/inbox", key: "nav.inbox", icon: mdiMessageTextOutline },
  { to: "/app/live", key: "nav.live", icon: mdiPhoneInTalkOutline },
  { to: "/app/calls", key: "nav.calls", icon: mdiPhoneLogOutline },
  { to: "/calendar", key: "nav.calendar", icon: mdiCalendarMonthOutline },
  { to: "/app/tasks", key: "nav.tasks", icon: mdiCheckboxMarkedCircleOutline },
  { to: "/app/contacts", key: "nav.contacts", icon: mdiAccountMultipleOutline },
  { to: "/app/whatsapp", key: "nav.whatsapp", icon: mdiWhatsapp },
  { to: "/app/users", key: "nav.users", icon: mdiAccountGroupOutline, owner: true },
  { to: "/app/settings", key: "nav.settings", icon: mdiTuneVariant },
];

/** The few that fit under a thumb. */
export const BOTTOM_ITEMS = NAV_ITEMS.slice(0, 5);
