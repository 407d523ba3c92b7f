import { http } from "../../api/http.ts";

/** Whether this installation still waits for its first administrator. */
export async function isSetupNeeded(): Promise<boolean> {
  const { needed } = await http.get<{ needed: boolean }>("/api/setup");
  return needed;
}
