import type { Settings, SettingsPatch } from "@agentlocator/contract";
import type { BusinessTx } from "../../db/database.ts";
import { problem } from "../../http/problem.ts";
import type { Session } from "../../http/session.ts";
import { normalisePhone, regionOf } from "../../platform/phone.ts";
import { audit } from "../audit/index.ts";
import { loadSettings, saveSettings } from "./store.ts";

/** Changes the business's settings. @throws 400 when callers can't be transferred to the number */
export async function changeSettings(
  tx: BusinessTx,
  actor: Session,
  given: SettingsPatch,
): Promise<Settings> {
  const patch = { ...given };
  if (patch.transfer_number) {
    patch.transfer_number = await transferNumber(tx, patch.transfer_number);
  } else if (patch.transfer_number === "") {
    patch.transfer_number = null;
  }
  if (patch.closed_dates) patch.closed_dates = [...new Set(patch.closed_dates)].toSorted();
  const fields = Object.keys(patch);
  if (fields.length > 0) {
    await saveSettings(tx, patch);
    await audit(tx, { actor, action: "settings.changed", detail: { fields } });
  }
  return loadSettings(tx);
}

async function transferNumber(tx: BusinessTx, text: string): Promise<string> {
  const { phone_number: own } = await tx
    .trx("businesses")
    .where("id", tx.business_id)
    .first<{ phone_number: string | null }>("phone_number");
  const number = normalisePhone(text, regionOf(own));
  const wrong = !number
    ? "not a telephone number"
    : number === own
      ? "callers can't be transferred to the number they are calling"
      : null;
  if (wrong === null) return number!;
  throw problem(400, "invalid_input", "The transfer number can't be used.", {
    errors: [{ path: "body.transfer_number", message: wrong }],
  });
}
