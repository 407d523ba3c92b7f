import { auditRoutes } from "../src/features/audit/index.ts";
import { authRoutes, createPasswords, createSessionLoader } from "../src/features/auth/index.ts";
import { ensureFirstAdmin } from "../src/features/auth/index.ts";
import { businessRoutes } from "../src/features/businesses/index.ts";
import { settingsRoutes } from "../src/features/settings/index.ts";
import { userRoutes } from "../src/features/users/index.ts";
import type { Route } from "../src/http/route.ts";
import { createLogMailer } from "../src/platform/mail.ts";
import { Browser } from "./browser.ts";
import { createTestBackend } from "./http.ts";

export const ADMIN = { email: "admin@agency.example", password: "admin password 1" };
export const PASSWORD = "a good password";

/** Hashing is dear, and the tests' passwords are few. */
const passwords = createPasswords();

/**
 * A running backend with an administrator and the routes around people, and businesses made as the
 * administrator makes them.
 */
export async function createPeople(
  options: { routes?: (backend: TestPeopleParts) => Route[]; secure_cookies?: boolean } = {},
) {
  const backend = await createTestBackend();
  const { secure_cookies = false } = options;
  const public_base_url = "http://localhost";
  const ended: number[] = [];
  const deps = {
    ...{ ...backend, passwords, secure_cookies, public_base_url, demo: false },
    mailer: createLogMailer(backend.log),
    sessionsEnded: (business_id: number) => void ended.push(business_id),
  };
  const loadSession = createSessionLoader(backend);
  const routes = [
    authRoutes(deps),
    businessRoutes(deps),
    settingsRoutes(),
    userRoutes(deps),
    auditRoutes(),
    options.routes?.(backend) ?? [],
  ].flat();
  await ensureFirstAdmin(deps, { ...ADMIN, public_base_url });
  const base = await backend.serve(routes, loadSession);
  const admin = new Browser(base);
  await admin.login(ADMIN.email, ADMIN.password);
  let made = 0;

  return {
    ...deps,
    base,
    admin,
    routes,
    loadSession,
    /** The businesses in which sessions may have ended, as they were told. */
    ended,
    browser: () => new Browser(base),

    /** A business with its owner, signed in at a browser of their own. */
    async business(given: Record<string, unknown> = {}) {
      made++;
      const email = `owner${made}@business.example`;
      const answer = await admin.post("/api/admin/businesses", {
        name: `עסק ${made}`,
        phone_number: `+9723600000${made}`,
        owner: { email, name: `Owner ${made}`, password: PASSWORD },
        ...given,
      });
      if (answer.status !== 201) throw new Error(answer.text);
      const owner = new Browser(base);
      await owner.login(email, PASSWORD);
      return { id: answer.body.id as number, business: answer.body, email, owner };
    },

    /** A user of the business whose owner is given, signed in. */
    async user(owner: Browser, role: "owner" | "agent", email: string) {
      const answer = await owner.post("/api/users", {
        email,
        name: email.split("@")[0],
        role,
        password: PASSWORD,
      });
      if (answer.status !== 201) throw new Error(answer.text);
      const browser = new Browser(base);
      await browser.login(email, PASSWORD);
      return { id: answer.body.id as number, browser };
    },
  };
}

type TestPeopleParts = Awaited<ReturnType<typeof createTestBackend>>;
export type TestPeople = Awaited<ReturnType<typeof createPeople>>;
