import { client } from "./generated/client.gen.ts";
import { ProblemError } from "./problem.ts";
import type { Problem } from "./types.ts";

export * from "./generated/sdk.gen.ts";

function csrfToken(): string {
  const pair = document.cookie.split("; ").find((item) => item.startsWith("al_csrf="));
  return pair ? decodeURIComponent(pair.slice("al_csrf=".length)) : "";
}

client.setConfig({ baseUrl: location.origin });
client.interceptors.request.use((request) => {
  if (request.method !== "GET") request.headers.set("x-csrf-token", csrfToken());
  return request;
});
client.interceptors.error.use(
  (error, response) => new ProblemError(response?.status ?? 0, (error ?? {}) as Partial<Problem>),
);

/**
 * The data that an API call answers with.
 * @throws {ProblemError} when it failed, also when no answer came
 */
export async function ask<R extends { data?: unknown; error?: unknown }>(
  call: Promise<R>,
): Promise<Exclude<R["data"], undefined>> {
  const { data, error } = await call;
  if (error !== undefined) throw error;
  return data as Exclude<R["data"], undefined>;
}
