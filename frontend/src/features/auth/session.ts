import { defineStore } from "pinia";
import { computed, ref } from "vue";
import {
  ask,
  endImpersonation,
  login as signIn,
  logout as signOut,
  me,
  startImpersonation,
} from "../../api/client.ts";
import { ProblemError } from "../../api/problem.ts";
import { queryClient } from "../../api/query-client.ts";
import type { SessionInfo } from "../../api/types.ts";
import { hasChosenLocale, setLocale } from "../../i18n/index.ts";

/** Who is signed in at this tab, and for which business they act. */
export const useSession = defineStore("session", () => {
  const session = ref<SessionInfo | null>(null);
  let asked = false;

  const user = computed(() => session.value?.user ?? null);
  const business = computed(() => session.value?.tenant ?? null);
  const isImpersonating = computed(() => session.value?.impersonating ?? false);
  const isDemo = computed(() => session.value?.demo ?? false);
  const isSystemAdmin = computed(() => user.value?.role === "system_admin");
  /** Settings and users are the owner's; an admin acts here as the owner would. */
  const mayManage = computed(() => user.value !== null && user.value.role !== "agent");
  const timezone = computed(() => business.value?.timezone ?? "Asia/Jerusalem");

  function adopt(next: SessionInfo): void {
    const sameBusiness = session.value?.tenant?.id === next.tenant?.id;
    session.value = next;
    if (!sameBusiness) queryClient.clear();
    if (!hasChosenLocale() && next.tenant) {
      setLocale(next.tenant.locale.startsWith("en") ? "en" : "he", false);
    }
  }

  async function refresh(): Promise<void> {
    adopt(await ask(me()));
  }

  /** Asks the server once per page load; true when someone is signed in. */
  async function ensure(): Promise<boolean> {
    if (session.value) return true;
    if (asked) return false;
    try {
      await refresh();
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== 401) throw error;
    }
    asked = true;
    return session.value !== null;
  }

  async function login(email: string, password: string, totp?: string): Promise<void> {
    const body = totp ? { email, password, totp } : { email, password };
    adopt(await ask(signIn({ body })));
  }

  function forget(): void {
    session.value = null;
    queryClient.clear();
  }

  async function logout(): Promise<void> {
    await ask(signOut({ body: {} }));
    forget();
    // What this tab keeps, as words that were not sent, is nobody else's.
    sessionStorage.clear();
  }

  async function enterBusiness(business_id: number): Promise<void> {
    adopt(await ask(startImpersonation({ body: { business_id } })));
  }

  async function leaveBusiness(): Promise<void> {
    adopt(await ask(endImpersonation()));
  }

  return {
    user,
    business,
    isImpersonating,
    isDemo,
    isSystemAdmin,
    mayManage,
    timezone,
    ensure,
    refresh,
    login,
    logout,
    forget,
    enterBusiness,
    leaveBusiness,
  };
});
