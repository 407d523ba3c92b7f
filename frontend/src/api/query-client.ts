import { MutationCache, QueryCache, QueryClient } from "@tanstack/vue-query";
import { ProblemError } from "./problem.ts";
import { announceSessionLost } from "./session-lost.ts";

function onError(error: Error): void {
  if (!(error instanceof ProblemError)) return;
  if (error.status === 401) announceSessionLost("signed_out");
  else if (error.code === "no_business") announceSessionLost("no_business");
}

/** Worth asking again by itself: the server was away, not the request wrong. */
function isPassing(error: Error): boolean {
  return error instanceof ProblemError && (error.status === 0 || error.status >= 502);
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: { staleTime: 60_000, retry: (count, error) => count < 2 && isPassing(error) },
  },
});
