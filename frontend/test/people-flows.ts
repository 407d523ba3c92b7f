import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { settled, signIn } from "./browser.ts";
import { api, type Product } from "./product.ts";

const GAL = { email: "gal@demo.example", password: "what Gal has chosen" };
const NEWER = "what Gal has chosen since";

interface World {
  page: Page;
  product: Product;
}

/** Who works with the console: invited, forgetful, suspended. */
export function peopleFlows(world: () => World): void {
  const open = async (path: string, page = world().page) => {
    await page.goto(world().product.url + path);
    await settled(page);
  };
  const as = async (account: typeof GAL) => {
    await world().page.context().clearCookies();
    await open("/login");
    await signIn(world().page, account);
  };
  const toast = (text: string) => world().page.locator(".v-snackbar").getByText(text).waitFor();
  const button = (name: string | RegExp) => world().page.getByRole("button", { name, exact: true });
  const row = (name: string) => world().page.locator(".row").filter({ hasText: name });

  test("an invited person chooses a password with a link that works once", async () => {
    const { page, product } = world();
    await as(product.owner);
    await open("/app/users");
    await button("הזמנת איש צוות").click();
    await page.getByLabel("שם", { exact: true }).fill("גל");
    await page.getByLabel("דוא״ל").fill(GAL.email);
    await button("הזמנה").click();
    const link = new URL(await page.getByLabel("קישור לסיסמה", { exact: true }).inputValue());
    // At the address that this browser knows the product by, where its cookies are.
    const place = link.pathname + link.hash;
    await page.keyboard.press("Escape");
    await row("גל").getByText("ממתין לסיסמה").waitFor();

    await page.context().clearCookies();
    await open(place);
    await page.getByLabel("סיסמה חדשה", { exact: true }).fill(GAL.password);
    await button("שמירת הסיסמה").click();
    await toast("הסיסמה נשמרה");
    await signIn(page, GAL);
    expect(await page.getByRole("link", { name: "צוות" }).count()).toBe(0);

    await open(place);
    await page.getByLabel("סיסמה חדשה", { exact: true }).fill(NEWER);
    await button("שמירת הסיסמה").click();
    await page.getByRole("alert").getByText("הקישור הזה כבר שומש").waitFor();
    await page.getByRole("link", { name: "בקשת קישור חדש" }).click();
    await page.getByLabel("דוא״ל").fill("nobody@demo.example");
    await button("שליחת קישור").click();
    await page.getByText("אם יש חשבון עם הכתובת הזאת").waitFor();
  });

  test("one's own password is changed with the one before", async () => {
    const { page } = world();
    await open("/app");
    await button("החשבון שלי").click();
    await button("החלפת סיסמה").click();
    const fill = async (current: string) => {
      await page.getByLabel("הסיסמה הנוכחית", { exact: true }).fill(current);
      await page.getByLabel("סיסמה חדשה", { exact: true }).fill(NEWER);
      await button("שמירה").click();
    };
    await fill("not this one");
    await page.getByText("הסיסמה הנוכחית אינה נכונה").waitFor();
    await fill(GAL.password);
    await toast("הסיסמה הוחלפה");
    await as({ ...GAL, password: NEWER });
  });

  test("somebody is suspended after a question, and reinstated", async () => {
    const { page, product } = world();
    await as(product.owner);
    await open("/app/users");
    await row("גל").getByRole("button", { name: "השעיה" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "השעיה" }).click();
    await row("גל").getByText("מושעה", { exact: true }).waitFor();
    await row("גל").getByRole("button", { name: "החזרה לפעילות" }).click();
    await row("גל").getByText("פעיל", { exact: true }).waitFor();
  });

  test("a task's reminder rings, and its ring leads to the task", async () => {
    const { page } = world();
    await open("/app");
    const task = { title: "להזכיר לספק", remind_at: new Date().toISOString() };
    await api(page, "POST", "/api/tasks", task);
    await button(/התראות חדשות/).click();
    await page.getByRole("button", { name: "תזכורת: להזכיר לספק" }).click();
    const dialog = page.getByRole("dialog", { name: "עריכת משימה" });
    await dialog.waitFor();
    expect(await dialog.getByLabel("מה צריך לעשות").inputValue()).toBe(task.title);
    expect(await dialog.getByLabel("שעת התזכורת").count()).toBe(1);
    await page.keyboard.press("Escape");
  });

  test("the agency is led from the keys to the first call", async () => {
    const { page, product } = world();
    await as(product.admin);
    await page.getByRole("link", { name: "צעדים ראשונים" }).first().click();
    const step = (title: string) => page.locator(".step").filter({ hasText: title });
    await step("מפתחות הספקים")
      .getByText("OPENAI_API_KEY")
      .or(page.getByText("פועל"))
      .first()
      .waitFor();
    await step("העסק הראשון").getByText("מוכן").waitFor({ state: "attached" });
    await step("שיחת ניסיון").getByText(`${product.url}/webhook/incoming_call`).waitFor();
    await button("חיבור וואטסאפ").click();
    await page.waitForURL("**/app/whatsapp");
    await button("יציאה מהעסק").click();
    await page.getByRole("heading", { level: 1, name: "עסקים" }).waitFor();
  });
}
