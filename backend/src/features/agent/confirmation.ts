import type { DateTime } from "luxon";
import { compareTime } from "./spoken-time.ts";
import { clausesOf, type Clause } from "./utterance.ts";

/**
 * What a customer's words say about a proposed time:
 * - `confirm`: a clear yes and nothing else; `explicit` when they also say «book it» or «I confirm»
 * - `likely`: a yes among words that were not understood; enough only together with the model
 * - `reject`: a clear no
 * - `other_time`: they name another time than the one proposed
 * - `not_yet`: a question, a condition, a hesitation
 * - `unclear`: nothing of the kind
 */
export interface Answer {
  kind: "confirm" | "likely" | "reject" | "other_time" | "not_yet" | "unclear";
  explicit: boolean;
}

const words = (text: string) => new Set(text.split(/\s+/));

const YES = words(
  "כן כןכן בטח ודאי בוודאי בהחלט yes yeah yep sure absolutely definitely da да نعم",
);
const EXPLICIT = words(
  `מאשר מאשרת מאשרים אשר אשרי תאשר תאשרי מאושר קבע קבעי תקבע תקבעי תקבעו קובעים נקבע סגור סגרנו
   confirm confirmed book подтверждаю`,
);
const AGREEABLE = words(
  `אוקיי אוקי אוקיה בסדר סבבה טוב מעולה מצוין מצויין יופי אחלה נכון בדיוק מתאים מושלם נהדר יאללה
   בכיף אפשר ok okay fine great perfect good right correct works хорошо تمام`,
);
const NO = words(
  `לא שלא אל בלי בטל בטלי תבטל תבטלי לבטל ביטול עזוב עזבי התחרטתי no nope not dont cant wont isnt doesnt cancel never
   нет لا`,
);
const HESITATION = words(
  `אבל רק אלא תלוי אולי רגע שנייה שניה דקה חכה חכי תחכה תחכי לחשוב אחשוב נחשוב חושב חושבת אבדוק
   לבדוק אחזור בעצם אם but maybe perhaps wait hold think only if unless actually`,
);
const QUESTION = words(
  `מה כמה איפה מתי איך למה האם מי איזה איזו what how when where why which who can could
   do does`,
);
const ANOTHER = words(
  `אחר אחרת אחרים במקום עדיף יותר מאוחר מוקדם לשנות להזיז להקדים לדחות תשנה תזיז instead rather
   later earlier another other different change move reschedule`,
);
const FILLER = words(
  `אני אנחנו את אתה אתם זה זו התור תור לי לנו אותו אותה לך לכם בבקשה תודה תודות רבה גמור גמורה מאוד
   לגמרי הכל אז נו אה אהה אמ אממ הפגישה פגישה רוצה רוצים אשמח לקבוע לאשר עבורי בשבילי עם יום ביום
   ליום שעה בשעה לשעה ה ב ל של על הזה הזאת i we it its that thats this the an a please thanks thank
   you appointment for me us my to would like is sounds go ahead at on in one oclock and um uh so well`,
);

/** Set phrases that mean the opposite of the words in them. */
const IDIOMS: readonly (readonly [RegExp, string])[] = [
  [/(^| )(אין בעיה|למה לא|no problem|why not)(?= |$)/g, "$1בסדר"],
  [/(^| )(לא תודה|no thanks|no thank you)(?= |$)/g, "$1לא"],
  [/(^| )(לא בטוח|לא בטוחה|not sure)(?= |$)/g, "$1אולי"],
  [/(^| )(אי אפשר|לא יכול|לא יכולה)(?= |$)/g, "$1לא"],
];

/**
 * Reads a customer's words as an answer to `proposed` (in the business's zone; null when no exact
 * time is on the table). Careful on purpose: a doubt is never a confirmation.
 */
export function readAnswer(text: string, proposed: DateTime | null, now: DateTime): Answer {
  const clauses = clausesOf(text).map((clause) => readClause(clause, proposed, now));
  const any = (kind: Reading["kind"]) => clauses.some((clause) => clause.kind === kind);
  const explicit = clauses.some((clause) => clause.explicit);
  const answer = (kind: Answer["kind"]): Answer => ({ kind, explicit });
  const yes = any("confirm") || any("likely") || any("echo");
  for (const kind of ["reject", "other_time", "not_yet"] as const)
    if (any(kind)) return answer(kind);
  if (any("question")) return answer(yes ? "likely" : "not_yet");
  if (!yes) return answer("unclear");
  const whole = any("confirm") && !any("likely") && !any("unclear");
  return answer(whole ? "confirm" : "likely");
}

interface Reading {
  /** `echo` repeats the proposed time; `courtesy` adds nothing to what stands beside it («תודה»). */
  kind: Answer["kind"] | "question" | "echo" | "courtesy";
  explicit: boolean;
}

function readClause(clause: Clause, proposed: DateTime | null, now: DateTime): Reading {
  const time = compareTime(plain(clause.words), proposed, now);
  const count = (list: ReadonlySet<string>) => time.rest.filter((word) => has(list, word)).length;
  const explicit = count(EXPLICIT) > 0;
  const reading = (kind: Reading["kind"]): Reading => ({ kind, explicit });
  if (count(ANOTHER) > 0 || (time.mentioned && !time.agrees)) return reading("other_time");
  if (count(NO) > 0) return reading(isPlainNo(time.rest) ? "reject" : "not_yet");
  if (count(HESITATION) > 0) return reading("not_yet");
  if (clause.asked || count(QUESTION) > 0) return reading("question");
  const agreeable = count(AGREEABLE);
  const yes = count(YES) + count(EXPLICIT);
  const known = yes + agreeable + count(FILLER) === time.rest.length;
  if (yes > 0) return reading(known ? "confirm" : "likely");
  if (agreeable > 0) return reading("likely");
  if (time.mentioned && known) return reading("echo");
  return reading(known ? "courtesy" : "unclear");
}

/** A no that is the answer itself, rather than a «not» somewhere in a longer sentence. */
function isPlainNo(said: readonly string[]): boolean {
  return said.length <= 3 || has(NO, said[0]!);
}

function plain(said: readonly string[]): string[] {
  let text = said.join(" ");
  for (const [idiom, meaning] of IDIOMS) text = text.replace(idiom, meaning);
  return text.split(" ");
}

/** In a list, also with the Hebrew «and» in front. */
function has(list: ReadonlySet<string>, word: string): boolean {
  return list.has(word) || (word.startsWith("ו") && list.has(word.slice(1)));
}
