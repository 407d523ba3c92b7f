import { ProblemError } from "./problem.ts";
import type { Problem } from "./types.ts";

interface Options {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  signal?: AbortSignal;
}

function csrfToken(): string {
  const pair = document.cookie.split("; ").find((item) => item.startsWith("al_csrf="));
  return pair ? decodeURIComponent(pair.slice("al_csrf=".length)) : "";
}

async function send<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = csrfToken();
  if (options.body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ProblemError(0, {});
  }
  const text = await response.text();
  const json: unknown = text.startsWith("{") ? JSON.parse(text) : {};
  if (!response.ok) throw new ProblemError(response.status, json as Partial<Problem>);
  return json as T;
}

export const http = {
  get: <T>(path: string, options?: Options) => send<T>("GET", path, options),
  post: <T>(path: string, body: unknown = {}) => send<T>("POST", path, { body }),
  patch: <T>(path: string, body: unknown) => send<T>("PATCH", path, { body }),
  delete: <T>(path: string) => send<T>("DELETE", path),
};
