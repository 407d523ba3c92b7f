import { MutationCache, QueryCache, QueryClient } from "@tanstack/vue-query";
import { ProblemError } from "./problem.ts";
import { announceSignedOut } from "./signed-out.ts";

function onError(error: Error): void {
  if (error instanceof ProblemError && error.status === 401) announceSignedOut();
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
