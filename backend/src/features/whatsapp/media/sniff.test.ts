import fc from "fast-check";
import { expect, test } from "vitest";
import { extensionOf, isShown, sniff } from "./sniff.ts";

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part),
    ),
  );
const box = (brand: string) => bytes([0, 0, 0, 32], `ftyp${brand}`, [0, 0, 0, 0]);

test.each<[string, Buffer, string, string]>([
  ["image/jpeg", bytes([0xff, 0xd8, 0xff, 0xe0]), "image/png", "jpg"],
  ["image/png", bytes([0x89], "PNG\r\n", [0x1a, 0x0a]), "", "png"],
  ["image/gif", bytes("GIF89a"), "", "gif"],
  ["image/webp", bytes("RIFF", [1, 2, 3, 4], "WEBP"), "image/webp", "webp"],
  ["audio/ogg", bytes("OggS", Array(24).fill(0), "OpusHead"), "audio/ogg; codecs=opus", "ogg"],
  ["audio/mpeg", bytes("ID3", [4, 0]), "", "mp3"],
  ["audio/mpeg", bytes([0xff, 0xfb, 0x90, 0x64]), "", "mp3"],
  ["audio/aac", bytes([0xff, 0xf1, 0x50, 0x80]), "", "aac"],
  ["audio/amr", bytes("#!AMR\n"), "", "amr"],
  ["audio/mp4", box("M4A "), "", "m4a"],
  ["audio/mp4", box("isom"), "audio/mp4", "m4a"],
  ["video/mp4", box("isom"), "video/mp4", "mp4"],
  ["video/3gpp", box("3gp5"), "", "3gp"],
  ["video/quicktime", box("qt  "), "", "mov"],
  ["application/pdf", bytes("%PDF-1.7"), "image/png", "pdf"],
  ["application/zip", bytes("PK\x03\x04"), "image/png", "zip"],
  ["text/vcard", bytes("BEGIN:VCARD\r\n"), "", "vcf"],
  ["application/octet-stream", bytes("<svg onload=alert(1)>"), "image/svg+xml", "bin"],
  ["application/octet-stream", bytes("<!doctype html>"), "text/html", "bin"],
  ["application/octet-stream", bytes(), "image/jpeg", "bin"],
  ["application/octet-stream", bytes([0xff]), "audio/mpeg", "bin"],
])("%s", (type, content, claimed, extension) => {
  expect(sniff(content, claimed)).toBe(type);
  expect(extensionOf(type)).toBe(extension);
});

test("an archive may be the document that its sender says, and nothing else", () => {
  const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  expect(sniff(bytes("PK\x03\x04"), docx)).toBe(docx);
  expect(sniff(bytes("PK\x03\x04"), `${docx}\r\nX: y`)).toBe("application/zip");
  expect(extensionOf(docx)).toBe("bin");
});

test("whatever the bytes and the claim, what is shown in its place can't be a page", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), (content, claimed) => {
      const type = sniff(Buffer.from(content), claimed);
      expect(type).toMatch(/^[\w.+-]+\/[\w.+-]+$/);
      if (isShown(type)) expect(type).not.toMatch(/svg|html|xml/);
    }),
  );
});
