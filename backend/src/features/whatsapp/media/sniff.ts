const at = (bytes: Buffer, offset: number, text: string): boolean =>
  bytes.toString("latin1", offset, offset + text.length) === text;

/** What WhatsApp carries, by the bytes that such files begin with. */
const SIGNS: [type: string, matches: (bytes: Buffer) => boolean][] = [
  ["image/jpeg", (b) => at(b, 0, "\xff\xd8\xff")],
  ["image/png", (b) => at(b, 0, "\x89PNG\r\n\x1a\n")],
  ["image/gif", (b) => at(b, 0, "GIF87a") || at(b, 0, "GIF89a")],
  ["image/webp", (b) => at(b, 0, "RIFF") && at(b, 8, "WEBP")],
  ["audio/wav", (b) => at(b, 0, "RIFF") && at(b, 8, "WAVE")],
  ["audio/ogg", (b) => at(b, 0, "OggS") && (at(b, 28, "OpusHead") || at(b, 28, "\x01vorbis"))],
  ["audio/amr", (b) => at(b, 0, "#!AMR")],
  ["audio/aac", (b) => b[0] === 0xff && (b[1]! & 0xf6) === 0xf0],
  ["audio/mpeg", (b) => at(b, 0, "ID3") || isMpegFrame(b)],
  ["audio/mp4", (b) => at(b, 4, "ftypM4A")],
  ["video/3gpp", (b) => at(b, 4, "ftyp3g")],
  ["video/quicktime", (b) => at(b, 4, "ftypqt")],
  ["image/heic", (b) => ["heic", "heix", "mif1"].some((brand) => at(b, 4, `ftyp${brand}`))],
  ["video/mp4", (b) => at(b, 4, "ftyp")],
  ["video/webm", (b) => at(b, 0, "\x1a\x45\xdf\xa3")],
  ["application/pdf", (b) => at(b, 0, "%PDF-")],
  ["application/zip", (b) => at(b, 0, "PK\x03\x04")],
  ["text/vcard", (b) => at(b, 0, "BEGIN:VCARD")],
];

/** Layer, bit rate and sample rate of the first frame have to be such that there are. */
function isMpegFrame(b: Buffer): boolean {
  const [sync, kind, rates] = [b[0], b[1] ?? 0, b[2] ?? 0xff];
  const layered = (kind & 0x06) !== 0 && (kind & 0x18) !== 0x08;
  return sync === 0xff && (kind & 0xe0) === 0xe0 && layered && rates < 0xf0 && (rates & 12) !== 12;
}

/** Office documents are archives; which one, only their sender says. */
const ARCHIVES = /^application\/vnd\.(openxmlformats-officedocument|oasis\.opendocument)[\w.-]+$/;

const EXTENSION: Record<string, string> = {
  "image/jpeg": "jpg",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "video/quicktime": "mov",
  "video/3gpp": "3gp",
  "text/vcard": "vcf",
};

/**
 * What the bytes are, whatever their sender calls them: `application/octet-stream` when that can't
 * be seen.
 */
export function sniff(bytes: Buffer, claimed_type: string): string {
  const claimed = claimed_type.split(";")[0]!.trim().toLowerCase();
  const type = SIGNS.find(([, matches]) => matches(bytes))?.[0] ?? "application/octet-stream";
  if (type === "application/zip" && ARCHIVES.test(claimed)) return claimed;
  // The same container holds both, and begins alike.
  if (type === "video/mp4" && claimed.startsWith("audio/")) return "audio/mp4";
  return type;
}

/** Whether a browser may show it in its place; all else is only ever downloaded. */
export function isShown(content_type: string): boolean {
  return /^(image|audio|video)\//.test(content_type);
}

/** The ending of a file of this type, without a dot. */
export function extensionOf(content_type: string): string {
  const known = EXTENSION[content_type] ?? content_type.split("/")[1]!;
  return /^[a-z0-9]{1,5}$/.test(known) ? known : "bin";
}
