import { ProblemError, problemKey } from "../api/problem.ts";
import { toast } from "./toast.ts";

/** For a mutation's `onError`: tells the person what failed, with the number to quote. */
export function toastProblem(error: unknown): void {
  toast(problemKey(error), "error", error instanceof ProblemError ? error.request_id : "");
}
