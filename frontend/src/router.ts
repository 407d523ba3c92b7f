import { shallowRef } from "vue";
import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";
import { onSessionLost } from "./api/session-lost.ts";
import { isSetupNeeded } from "./features/auth/setup.ts";
import { useSession } from "./features/auth/session.ts";
import { toastProblem } from "./ui/toast-problem.ts";

declare module "vue-router" {
  interface RouteMeta {
    /** i18n key of the page's title. */
    title?: string;
    public?: boolean;
    /** Needs a business to act for; a system admin outside of one is sent to the list. */
    business?: boolean;
    /** The page fills the window and scrolls within itself. */
    fills?: boolean;
    /** On a phone the page needs the room of the navigation at the bottom. */
    alone?: boolean;
    systemAdmin?: boolean;
    /** Only for who manages the business. */
    owner?: boolean;
  }
}

const AppShell = () => import("./ui/AppShell.vue");
const InboxPage = () => import("./features/conversations/InboxPage.vue");
const AuthLayout = () => import("./features/auth/AuthLayout.vue");

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  routes: [
    { path: "/", redirect: "/app" },
    {
      path: "/",
      component: AuthLayout,
      meta: { public: true },
      children: [
        {
          path: "login",
          component: () => import("./features/auth/LoginPage.vue"),
          meta: { title: "login.title" },
        },
        {
          path: "setup",
          component: () => import("./features/auth/SetupPage.vue"),
          meta: { title: "setup.title" },
        },
        {
          path: "forgot",
          component: () => import("./features/auth/ForgotPage.vue"),
          meta: { title: "forgot.title" },
        },
        {
          path: "reset",
          component: () => import("./features/auth/ResetPage.vue"),
          meta: { title: "reset.title" },
        },
      ],
    },
    {
      path: "/app",
      component: AppShell,
      meta: { business: true },
      children: [
        {
          path: "",
          component: () => import("./features/dashboard/DashboardPage.vue"),
          meta: { title: "nav.dashboard" },
        },
        {
          path: "inbox",
          component: InboxPage,
          meta: { title: "nav.inbox", fills: true },
        },
        {
          path: "inbox/:thread_id(\\d+)",
          props: ({ params }) => ({ thread_id: Number(params["thread_id"]) }),
          component: InboxPage,
          meta: { title: "nav.inbox", fills: true, alone: true },
        },
        {
          path: "live",
          component: () => import("./features/calls/LivePage.vue"),
          meta: { title: "nav.live" },
        },
        {
          path: "calls",
          component: () => import("./features/calls/CallsPage.vue"),
          meta: { title: "nav.calls" },
        },
        {
          path: "calls/:call_sid",
          props: true,
          component: () => import("./features/calls/CallPage.vue"),
          meta: { title: "call.title" },
        },
        { path: "calendar", redirect: "/calendar" },
        {
          path: "/calendar",
          component: () => import("./features/appointments/CalendarPage.vue"),
          meta: { title: "nav.calendar" },
        },
        {
          path: "tasks",
          component: () => import("./features/tasks/TasksPage.vue"),
          meta: { title: "nav.tasks" },
        },
        {
          path: "contacts",
          component: () => import("./features/contacts/ContactsPage.vue"),
          meta: { title: "nav.contacts" },
        },
        {
          path: "whatsapp",
          component: () => import("./features/whatsapp/WhatsappPage.vue"),
          meta: { title: "nav.whatsapp" },
        },
        {
          path: "users",
          component: () => import("./features/users/UsersPage.vue"),
          meta: { title: "nav.users", owner: true },
        },
        {
          path: "start",
          component: () => import("./features/start/StartPage.vue"),
          meta: { title: "nav.start", business: false, systemAdmin: true },
        },
        {
          path: "settings",
          component: () => import("./features/settings/SettingsPage.vue"),
          meta: { title: "nav.settings" },
        },
        {
          path: "businesses",
          component: () => import("./features/businesses/BusinessesPage.vue"),
          meta: { title: "nav.businesses", business: false, systemAdmin: true },
        },
      ],
    },
    {
      path: "/:rest(.*)*",
      component: () => import("./ui/NotFoundPage.vue"),
      meta: { title: "not_found.title", public: true },
    },
  ],
});

async function guard(to: RouteLocationNormalized) {
  const session = useSession();
  if (to.path === "/login" || to.path === "/setup") {
    if (await session.ensure()) return "/app";
    const wanted = (await isSetupNeeded()) ? "/setup" : "/login";
    return to.path === wanted ? true : { path: wanted, query: to.query };
  }
  if (to.meta.public) return true;
  if (!(await session.ensure())) return { path: "/login", query: { next: to.fullPath } };
  if (to.meta.systemAdmin && !session.isSystemAdmin) return "/app";
  if (to.meta.owner && !session.mayManage) return "/app";
  if (to.meta.business && !session.business && session.isSystemAdmin) return "/app/businesses";
  return true;
}

/** Why the first page could not be opened; without it the page would stay white. */
export const startError = shallowRef<unknown>(null);

router.beforeEach(guard);
router.onError((error: unknown) => {
  startError.value = error;
});
router.afterEach(() => {
  startError.value = null;
});

onSessionLost((loss) => {
  const session = useSession();
  if (loss === "signed_out" && session.user) {
    session.forget();
    void router.push({ path: "/login", query: { next: router.currentRoute.value.fullPath } });
  }
  if (loss === "no_business" && session.business) {
    session.refresh().then(() => router.push("/app"), toastProblem);
  }
});
