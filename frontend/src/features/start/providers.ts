import { useQuery } from "@tanstack/vue-query";
import { ProblemError } from "../../api/problem.ts";
import type { Readiness } from "../../api/types.ts";

/** The providers, and the names of the environment that hold what each needs. */
export const PROVIDERS = [
  { id: "openai", names: "OPENAI_API_KEY" },
  { id: "twilio", names: "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN" },
  { id: "baileys", names: "BAILEYS_OUTBOUND_URL, BAILEYS_WEBHOOK_SECRET" },
  { id: "tts", names: "GOOGLE_APPLICATION_CREDENTIALS" },
] as const;

/** What each part says of itself. A 503 is such an answer as well. */
export function useReadiness() {
  return useQuery({
    queryKey: ["readiness"],
    queryFn: async ({ signal }): Promise<Readiness> => {
      const answer = await fetch("/readyz", { signal }).catch(() => null);
      if (!answer?.headers.get("Content-Type")?.includes("json")) {
        throw new ProblemError(answer?.status ?? 0, {});
      }
      return (await answer.json()) as Readiness;
    },
    refetchInterval: 15_000,
    staleTime: 0,
  });
}
