/**
 * One syllable for each Hebrew letter, in espeak's phoneme names. The simulated agent says what
 * was not recorded as a whole by joining these: not Hebrew a person would follow, but speech of
 * the right length, loudness and rhythm.
 */
export const syllables: Readonly<Record<string, string>> = {
  א: "?a",
  ב: "be",
  ג: "gi",
  ד: "do",
  ה: "ha",
  ו: "vu",
  ז: "ze",
  ח: "Xa",
  ט: "ti",
  י: "jo",
  כ: "ka",
  ל: "le",
  מ: "mi",
  נ: "no",
  ס: "sa",
  ע: "?e",
  פ: "pi",
  צ: "tso",
  ק: "ku",
  ר: 'Q"a',
  ש: "Se",
  ת: "ta",
};
