import type { MediaLost } from "./source.ts";

type Notices = Record<MediaLost["reason"] | "failed", string>;

const he: Notices = {
  gone: "קובץ המדיה כבר אינו זמין.",
  too_large: "קובץ המדיה גדול מדי.",
  refused: "קובץ המדיה לא הובא: הכתובת שלו אינה מורשית.",
  failed: "לא ניתן היה להביא את קובץ המדיה.",
};
const en: Notices = {
  gone: "The media file is no longer available.",
  too_large: "The media file is too large.",
  refused: "The media file was not fetched: its address is not an allowed one.",
  failed: "The media file could not be fetched.",
};

/** Why a message is without its media, in the business's language. */
export const mediaNotices = (language: string): Notices => (language.startsWith("he") ? he : en);
