import { signIn } from "./api.ts";
import { BUSINESSES, type DemoBusiness } from "./businesses.ts";
import type { ToDemo } from "./messages.ts";

/** A business of the demo as the product knows it. */
export interface Seeded extends DemoBusiness {
  readonly id: number;
}

interface Page {
  readonly items: readonly { readonly id: number; readonly phone_number: string | null }[];
}

/** Makes the businesses of the demo through the API, once; later starts find them. */
export async function seed(to: ToDemo): Promise<Seeded[]> {
  const agency = await signIn(to.backend_url, to.admin);
  const { items } = await agency.get<Page>("/api/admin/businesses?limit=100");
  const seeded: Seeded[] = [];
  for (const business of BUSINESSES) {
    const known = items.find((item) => item.phone_number === business.phone_number);
    if (known) {
      seeded.push({ ...business, id: known.id });
      continue;
    }
    const { email, name: owner_name } = business.owner;
    const owner = { email, name: owner_name, password: to.owner_password };
    const { name, phone_number } = business;
    const made = await agency.post<{ id: number }>("/api/admin/businesses", {
      ...{ name, phone_number, owner },
      ...{ timezone: "Asia/Jerusalem", locale: "he" },
    });
    const session = await signIn(to.backend_url, owner);
    await session.patch("/api/settings", business.settings);
    for (const customer of business.customers) await session.post("/api/contacts", customer);
    seeded.push({ ...business, id: made.id });
  }
  return seeded;
}
