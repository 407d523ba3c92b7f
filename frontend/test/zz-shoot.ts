// usage: node /tmp/shoot.ts [filter]
import { startMock } from "/work/main/frontend/test/mock/server.ts";
import { openBrowser, SIZES } from "/work/main/frontend/test/browser.ts";
import { mkdirSync } from "node:fs";
const out = "/tmp/shots";
mkdirSync(out, { recursive: true });
const only = process.argv[2];
const looks = (process.argv[3] ?? "he-light-desktop,en-dark-desktop,he-light-phone").split(",");
const mock = await startMock();
const { context, close } = await openBrowser();
const pages: Record<string, string> = {
  login: "/login",
  setup: "/setup",
  dashboard: "/app",
  live: "/app/live",
  calls: "/app/calls",
  call: "/app/calls/CA10000000000000000000000000000002",
  fallback: "/app/calls/CA10000000000000000000000000000003",
  calendar: "/calendar",
  tasks: "/app/tasks",
  contacts: "/app/contacts",
  settings: "/app/settings",
  businesses: "/app/businesses",
  notfound: "/nowhere",
};
for (const look of looks) {
  const [locale, theme, size] = look.split("-") as any;
  for (const [name, path] of Object.entries(pages)) {
    if (only && !only.split(",").includes(name)) continue;
    mock.state.setup = name === "setup";
    mock.state.user =
      name === "login" || name === "setup" ? null : name === "businesses" ? "admin" : "owner";
    mock.state.tenant = name === "businesses" ? null : 1;
    const page = await context.newPage();
    page.on("console", (m) => {
      if (["error", "warning"].includes(m.type()))
        console.log(name, m.type(), m.text().slice(0, 400));
    });
    page.on("pageerror", (e) => console.log(name, "PAGEERROR", e.message, e.stack?.slice(0, 600)));
    await page.setViewportSize(SIZES[size]);
    await page.addInitScript(
      ([l, t]) => {
        localStorage.setItem("al_locale", l);
        localStorage.setItem("al_theme", t);
      },
      [locale, theme],
    );
    await page.goto(mock.url + path);
    await page.waitForTimeout(900);
    if (name === "live" || name === "dashboard") {
      mock.emit("call", { call_sid: "CA10000000000000000000000000000001", speaking: "agent" });
      await page.waitForTimeout(200);
    }
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (over > 0) console.log(name, look, "OVERFLOW", over);
    const h = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({
      width: SIZES[size].width,
      height: Math.max(h, SIZES[size].height),
    });
    await page.waitForTimeout(150);
    await page.screenshot({ path: `${out}/${name}-${look}.png`, fullPage: true });
    await page.close();
  }
}
await close();
await mock.close();
