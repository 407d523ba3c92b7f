import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";
import { onSignedOut } from "./api/signed-out.ts";
import { useSession } from "./features/auth/session.ts";

declare module "vue-router" {
  interface RouteMeta {
    /** i18n key of the page's title. */
    title?: string;
    public?: boolean;
    /** Needs a business to act for; a system admin outside of one is sent to the list. */
    business?: boolean;
    systemAdmin?: boolean;
  }
}

const AppShell = () => import("./ui/AppShell.vue");
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
  if (to.meta.public) {
    return to.path === "/login" && (await session.ensure()) ? "/app" : true;
  }
  if (!(await session.ensure())) return { path: "/login", query: { next: to.fullPath } };
  if (to.meta.systemAdmin && !session.isSystemAdmin) return "/app";
  if (to.meta.business && !session.business && session.isSystemAdmin) return "/app/businesses";
  return true;
}

router.beforeEach(guard);

onSignedOut(() => {
  const session = useSession();
  if (!session.user) return;
  session.forget();
  void router.push({ path: "/login", query: { next: router.currentRoute.value.fullPath } });
});
