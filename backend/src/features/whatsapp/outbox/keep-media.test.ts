import { expect, test } from "vitest";
import { GuardedFetchError, type GuardedRequest } from "../../../platform/guarded-fetch.ts";
import { createKeepMedia } from "./keep-media.ts";

const body = Buffer.from("%PDF-1.7");

function world(answer: () => { status: number } | never = () => ({ status: 200 })) {
  const asked: GuardedRequest[] = [];
  const kept: unknown[] = [];
  const keepMedia = createKeepMedia({
    public_base_url: "https://shop.example",
    guardedFetch: async (wanted) => {
      asked.push(wanted);
      return { content_type: "application/pdf", body, ...answer() };
    },
    keep: async (business_id, bytes, said) => {
      kept.push([business_id, bytes, said]);
      return { media_url: "/api/media/7", content_type: "", size: 0, file_name: null };
    },
  });
  return { asked, kept, keepMedia };
}

test("our own media stays where it is, however it is named", async () => {
  const { asked, keepMedia } = world();
  expect(await keepMedia(1, "/api/media/5")).toBe("/api/media/5");
  expect(await keepMedia(1, "https://shop.example/api/media/5")).toBe("/api/media/5");
  expect(asked).toEqual([]);
});

test("what is on the web is fetched from its host alone, bounded, and kept", async () => {
  const { asked, kept, keepMedia } = world();
  const url = "https://files.example/a/%D7%9E%D7%97%D7%99%D7%A8.pdf?token=1";
  expect(await keepMedia(3, url)).toBe("/api/media/7");
  expect(asked).toMatchObject([{ url, hosts: ["files.example"], max_bytes: 16 * 1024 * 1024 }]);
  const said = { claimed_type: "application/pdf", file_name: "מחיר.pdf" };
  expect(kept).toEqual([[3, body, said]]);
  expect(await keepMedia(3, "https://files.example/%E0%A4%A")).toBe("/api/media/7");
});

test("what can't be fetched is said, and a failure of ours is not the caller's", async () => {
  const missing = world(() => ({ status: 404 }));
  await expect(missing.keepMedia(1, "https://files.example/a")).rejects.toMatchObject({
    ...{ status: 400, id: "media_unusable" },
    errors: [{ path: "body.media_url", message: "files.example answered with status 404" }],
  });
  const refused = world(() => {
    throw new GuardedFetchError("too_large", "files.example sent more than 9 bytes");
  });
  await expect(refused.keepMedia(1, "https://files.example/a")).rejects.toMatchObject({
    status: 400,
  });
  const broken = world(() => {
    throw new TypeError("ours");
  });
  await expect(broken.keepMedia(1, "https://files.example/a")).rejects.toThrow(TypeError);
});
