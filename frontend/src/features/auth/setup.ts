import { ask, setupNeeded } from "../../api/client.ts";

/** Whether this installation still waits for its first administrator. */
export async function isSetupNeeded(): Promise<boolean> {
  const { needed } = await ask(setupNeeded());
  return needed;
}
