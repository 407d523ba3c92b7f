import type { Settings, SettingsPatch } from "@agentlocator/contract";
import type { BusinessTx, SystemTx } from "../../db/database.ts";
import { notFound } from "../../http/problem.ts";

const JSON_COLUMNS = ["business_hours", "closed_dates", "vad", "quiet_hours"] as const;

/** The acting business's settings. @throws 404 for a business that does not exist */
export async function loadSettings(tx: BusinessTx): Promise<Settings> {
  const settings = await tx
    .trx<Settings & { business_id: number }>("settings")
    .where("business_id", tx.business_id)
    .first();
  if (!settings) throw notFound("This business");
  return settings;
}

export async function insertSettings(
  tx: SystemTx,
  business_id: number,
  settings: Settings,
): Promise<void> {
  await tx.trx("settings").insert({ business_id, ...toColumns(settings) });
}

/** Writes what is given; the time zone is the business's as well. */
export async function saveSettings(tx: BusinessTx, patch: SettingsPatch): Promise<void> {
  await tx
    .trx("settings")
    .where("business_id", tx.business_id)
    .update({ ...toColumns(patch), updated_at: tx.trx.fn.now() });
  if (patch.timezone) {
    const { timezone } = patch;
    await tx.trx("businesses").where("id", tx.business_id).update({ timezone });
  }
}

/** pg would write an array as a PostgreSQL array, not as JSON. */
function toColumns(settings: SettingsPatch): Record<string, unknown> {
  const columns: Record<string, unknown> = { ...settings };
  for (const name of JSON_COLUMNS) {
    const value = columns[name];
    if (value !== undefined && value !== null) columns[name] = JSON.stringify(value);
  }
  return columns;
}
