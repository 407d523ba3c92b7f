import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { securityHeaders } from "../../backend/src/http/middleware.ts";

const file = join(import.meta.dirname, "../../nginx/conf/headers.conf");

test("the proxy's own pages have the headers that the backend gives its answers", async () => {
  const from_backend: Record<string, string> = {};
  const ctx = { set: (headers: object) => Object.assign(from_backend, headers) };
  await securityHeaders(ctx as never, async () => undefined);

  const lines = (await readFile(file, "utf8")).matchAll(/^add_header (\S+) "?(.+?)"? always;$/gm);
  const from_proxy = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
  expect(from_proxy).toEqual({ ...from_backend, "Strict-Transport-Security": "$hsts" });
});
