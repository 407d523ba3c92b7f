import { request } from "undici";
import { expect, it, vi } from "vitest";
import { createGuardedFetch } from "./guarded-fetch.ts";

// Redirects between public hosts can't be had on a machine of our own, so the answers are given
// here; everything up to the request itself is real.
vi.mock("undici", async (original) => ({ ...(await original()), request: vi.fn() }));

const TEST_ORIGIN = "http://127.0.0.1:4010";

/** Follows redirects along `path`, and gives each request's origin with its authorization. */
async function follow(path: string[]): Promise<[string, string | undefined][]> {
  const seen: [string, string | undefined][] = [];
  vi.mocked(request).mockImplementation((async (
    url: URL,
    options: { headers: Record<string, string> },
  ) => {
    seen.push([url.origin, options.headers["authorization"]]);
    const location = path[seen.length];
    return location
      ? { statusCode: 302, headers: { location }, body: [] }
      : { statusCode: 200, headers: {}, body: [] };
  }) as unknown as typeof request);
  await createGuardedFetch()({
    url: path[0]!,
    hosts: ["api.example.com", "cdn.example.com"],
    test_origin: TEST_ORIGIN,
    basic_auth: { username: "AC1", password: "secret" },
    max_bytes: 1000,
    timeout_ms: 1000,
  });
  return seen;
}

it("sends the credentials to the first origin only, and again when it comes back to it", async () => {
  const [api, cdn] = ["https://api.example.com", "https://cdn.example.com"];
  expect(await follow([`${api}/a`, `${api}/b`, `${cdn}/c`, `${api}/d`])).toEqual([
    [api, expect.stringContaining("Basic")],
    [api, expect.stringContaining("Basic")],
    [cdn, undefined],
    [api, expect.stringContaining("Basic")],
  ]);
});

it("does not let a public host lead to the test host", async () => {
  await expect(follow(["https://api.example.com/a", `${TEST_ORIGIN}/b`])).rejects.toThrow(
    "not https",
  );
  const back = [`${TEST_ORIGIN}/a`, "https://api.example.com/b", `${TEST_ORIGIN}/c`];
  await expect(follow(back)).rejects.toThrow("not https");
});
