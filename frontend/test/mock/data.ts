import {
  type Appointment,
  type Business,
  type Call,
  type Contact,
  type Dashboard,
  DEFAULT_SETTINGS,
  EMPTY_LEDGER,
  type Notification,
  type Settings,
  type Task,
  type Turn,
  type User,
} from "@agentlocator/contract";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const now = Date.now();
const ago = (ms: number) => new Date(now - ms).toISOString();
const ahead = (ms: number) => new Date(now + ms).toISOString();

export const businesses: Business[] = [
  ["מרפאת שיניים ד״ר לוי", "+97237001234"],
  ["מוסך האחים כהן", "+97246202211"],
  ["Sunrise Pilates Studio", "+972501112233"],
].map(([name, phone_number], i) => ({
  id: i + 1,
  name: name!,
  phone_number: phone_number!,
  whatsapp_number: null,
  timezone: "Asia/Jerusalem",
  locale: i === 2 ? "en" : "he",
  status: i === 1 ? ("suspended" as const) : ("active" as const),
  created_at: ago(40 * 24 * HOUR),
}));

const person = (id: number, role: User["role"], name: string): User => ({
  id,
  business_id: role === "system_admin" ? null : 1,
  email: `${role}@example.com`,
  name,
  role,
  status: "active",
  created_at: ago(40 * 24 * HOUR),
});
export const owner = person(1, "owner", "ד״ר נועה לוי");
export const admin = person(2, "system_admin", "אורי");

export const contacts: Contact[] = [
  ["דנה ישראלי", "+972501234567"],
  ["אבי מזרחי", "+972529876543"],
  ["Michael O'Connor", "+972545550199"],
  ["", "+972773334455"],
].map(([name, phone], i) => ({
  id: i + 1,
  name: name!,
  phone: phone!,
  whatsapp_lid: null,
  created_at: ago((i + 1) * 30 * HOUR),
}));

function turns(startedAt: string, lines: [Turn["role"], string, string?][]): Turn[] {
  return lines.map(([role, text, heard], i) => ({
    seq: i + 1,
    role,
    text,
    heard_text: role === "agent" ? (heard ?? text) : null,
    interrupted: heard !== undefined,
    started_at: new Date(Date.parse(startedAt) + i * 7000).toISOString(),
  }));
}

function call(sid: string, over: Partial<Call>): Call {
  return {
    call_sid: sid,
    direction: "inbound",
    from_number: "+972501234567",
    to_number: "+97237001234",
    status: "completed",
    end_reason: "caller_hung_up",
    started_at: ago(2 * HOUR),
    ended_at: ago(2 * HOUR - 2 * MINUTE),
    duration_seconds: 127,
    thread_id: 1,
    contact_id: 1,
    contact_name: "דנה ישראלי",
    appointment_id: null,
    ledger: EMPTY_LEDGER,
    turns: [],
    recording: null,
    ...over,
  };
}

const liveStart = ago(48_000);
const bookedStart = ago(2 * HOUR);

export const calls: Call[] = [
  call("CA10000000000000000000000000000001", {
    status: "active",
    end_reason: null,
    ended_at: null,
    duration_seconds: null,
    started_at: liveStart,
    contact_id: 2,
    contact_name: "אבי מזרחי",
    from_number: "+972529876543",
    ledger: {
      ...EMPTY_LEDGER,
      greeting_ms: 14,
      answers_ms: [1180, 960, 1340],
      barge_ins: [{ at_ms: 21_000, quiet_ms: 180, confirmed_ms: 310 }],
    },
    turns: turns(liveStart, [
      ["agent", "שלום, הגעתם למרפאת השיניים של ד״ר לוי. איך אפשר לעזור?"],
      ["caller", "היי, אני צריך לקבוע ניקוי אבנית, רצוי השבוע."],
      [
        "agent",
        "בשמחה. השבוע יש לנו פנוי ביום שלישי בתשע וחצי, ביום רביעי באחת עשרה, וגם ביום חמישי בארבע.",
        "בשמחה. השבוע יש לנו פנוי ביום שלישי בתשע וחצי,",
      ],
      ["caller", "שלישי לא טוב לי, רביעי אפשר?"],
      ["agent", "כן. יום רביעי בשעה אחת עשרה פנוי. לקבוע לך?"],
    ]),
  }),
  call("CA10000000000000000000000000000002", {
    started_at: bookedStart,
    appointment_id: 1,
    ledger: {
      ...EMPTY_LEDGER,
      greeting_ms: 12,
      answers_ms: [1240, 980, 2210, 1105],
      barge_ins: [
        { at_ms: 24_300, quiet_ms: 160, confirmed_ms: 290 },
        { at_ms: 71_900, quiet_ms: 190, confirmed_ms: 340 },
      ],
    },
    turns: turns(bookedStart, [
      ["agent", "שלום, הגעתם למרפאת השיניים של ד״ר לוי. איך אפשר לעזור?"],
      ["caller", "שלום, רציתי לקבוע תור לבדיקה לבת שלי."],
      [
        "agent",
        "בשמחה. מתי נוח לכם? ביום שני יש פנוי בעשר בבוקר וגם בשלוש אחר הצהריים.",
        "בשמחה. מתי נוח לכם? ביום שני",
      ],
      ["caller", "אחר הצהריים בבקשה, אחרי הלימודים."],
      ["agent", "מצוין. יום שני בשעה שלוש אחר הצהריים. לאשר?"],
      ["caller", "כן, מאשר."],
      ["agent", "התור נקבע ליום שני בשעה 15:00. נתראה!"],
    ]),
  }),
  call("CA10000000000000000000000000000003", {
    status: "fallback",
    end_reason: "fallback",
    from_number: "+972773334455",
    contact_id: 4,
    contact_name: null,
    started_at: ago(5 * HOUR),
    ended_at: ago(5 * HOUR - MINUTE),
    duration_seconds: 41,
    ledger: {
      ...EMPTY_LEDGER,
      greeting_ms: 13,
      silences_over_3s: 1,
      fallback_reason: "model_mute",
    },
    turns: turns(ago(5 * HOUR), [
      ["agent", "שלום, הגעתם למרפאת השיניים של ד״ר לוי. איך אפשר לעזור?"],
      ["caller", "שלום, יש לי כאב שיניים חזק, אפשר לבוא היום?"],
    ]),
    recording: {
      url: "/static/tts/fallback_he.mp3",
      duration_seconds: 9,
      transcript: "שלום, זה יוסי. יש לי כאב שיניים חזק ואשמח שתחזרו אליי היום. תודה.",
    },
  }),
  call("CA10000000000000000000000000000004", {
    from_number: "+972545550199",
    contact_id: 3,
    contact_name: "Michael O'Connor",
    started_at: ago(27 * HOUR),
    duration_seconds: 64,
    end_reason: "transfer",
    ledger: { ...EMPTY_LEDGER, greeting_ms: 15, answers_ms: [890, 1020] },
    turns: turns(ago(27 * HOUR), [
      ["agent", "שלום, הגעתם למרפאת השיניים של ד״ר לוי. איך אפשר לעזור?"],
      ["caller", "Hi, do you speak English? I'd like to talk to a person please."],
      ["agent", "Of course, I'm transferring you now."],
    ]),
  }),
  call("CA10000000000000000000000000000005", {
    status: "failed",
    end_reason: "shutdown",
    contact_name: null,
    contact_id: null,
    from_number: "+14155550123",
    started_at: ago(50 * HOUR),
    duration_seconds: 3,
  }),
];

const midnight = new Date(now);
midnight.setHours(0, 0, 0, 0);
function at(dayOffset: number, clock: number, minutes: number) {
  const start = midnight.getTime() + dayOffset * 24 * HOUR + clock * HOUR;
  return {
    starts_at: new Date(start).toISOString(),
    ends_at: new Date(start + minutes * MINUTE).toISOString(),
  };
}
const week = -midnight.getDay();

export const appointments: Appointment[] = (
  [
    ["בדיקה ראשונה", 1, "דנה ישראלי", week + 1, 10, 30, "call"],
    ["ניקוי אבנית", 2, "אבי מזרחי", week + 3, 9, 45, "call"],
    ["Consultation", 3, "Michael O'Connor", week + 3, 11, 30, "console"],
    ["סתימה", 1, "דנה ישראלי", week + 4, 12, 60, "console"],
    ["שיננית", null, null, week + 2, 14, 30, "whatsapp"],
    ["ביקורת", 2, "אבי מזרחי", 1, 8, 30, "call"],
    ["בדיקה לילדה", 1, "דנה ישראלי", 2, 13, 30, "call"],
  ] as const
).map(([title, contact_id, contact_name, day, clock, minutes, source], i) => ({
  id: i + 1,
  calendar_id: 1,
  contact_id,
  contact_name,
  title,
  ...at(day, clock, minutes),
  status: "booked",
  source,
  call_sid: source === "call" ? calls[1]!.call_sid : null,
  thread_id: null,
}));

export const tasks: Task[] = [
  [
    "לחזור ליוסי: כאב שיניים חזק",
    "השאיר הודעה אחרי שהסוכן לא הצליח לענות.",
    -2 * HOUR,
    calls[2]!.call_sid,
  ],
  ["להזמין חומרי הרדמה", "", 26 * HOUR, null],
  ["Send the price list to Michael", "He prefers email.", null, calls[3]!.call_sid],
].map(([title, body, due, call_sid], i) => ({
  id: i + 1,
  business_id: 1,
  title: title as string,
  body: body as string,
  status: "open" as const,
  due_at: typeof due === "number" ? ahead(due) : null,
  remind_at: null,
  created_by: null,
  assigned_to: null,
  contact_id: null,
  call_sid: call_sid as string | null,
  thread_id: null,
  created_at: ago((i + 5) * HOUR),
}));

export const notifications: Notification[] = [
  {
    id: 2,
    kind: "call_fallback",
    title: "שיחה עברה להודעה מוקלטת",
    body: "המתקשר מ־077-333-4455 השאיר הודעה.",
    link: `/app/calls/${calls[2]!.call_sid}`,
    read_at: null,
    resolved_at: null,
    created_at: ago(5 * HOUR),
  },
  {
    id: 1,
    kind: "task_reminder",
    title: "תזכורת: להזמין חומרי הרדמה",
    body: "",
    link: "/app/tasks",
    read_at: ago(20 * HOUR),
    resolved_at: null,
    created_at: ago(26 * HOUR),
  },
];

export const settings: Settings = {
  ...DEFAULT_SETTINGS,
  timezone: "Asia/Jerusalem",
  language: "he",
  greeting: "שלום, הגעתם למרפאת השיניים של ד״ר לוי. איך אפשר לעזור?",
  ai_prompt:
    "את פקידת הקבלה של מרפאת השיניים של ד״ר נועה לוי, ברחוב הרצל 12 בחיפה.\nטיפולים: בדיקה (200 ₪), ניקוי אבנית (300 ₪), סתימה (מ־450 ₪).\nבכאב חזק מציעים את התור הקרוב ביותר, ואם אין – רושמים הודעה דחופה.",
  business_hours: {
    ...DEFAULT_SETTINGS.business_hours,
    tue: [
      ["08:00", "13:00"],
      ["16:00", "19:00"],
    ],
    fri: [["08:00", "12:30"]],
  },
  closed_dates: [at(week + 5, 12, 0).starts_at.slice(0, 10)],
  transfer_number: "+972501234567",
};

export function dashboard(empty: boolean): Dashboard {
  const busy = empty ? 0 : 1;
  return {
    calls_today: 14 * busy,
    calls_answered_today: 13 * busy,
    calls_fallback_today: busy,
    calls_live: busy,
    answer_ms_median: empty ? null : 1120,
    appointments_today: 6 * busy,
    appointments_booked_today: 5 * busy,
    appointments_upcoming: 2 * busy,
    tasks_open: 3 * busy,
    threads_unread: 0,
    days: Array.from({ length: 14 }, (_, i) => {
      const calls = busy * [9, 12, 7, 15, 4, 0, 11, 13, 10, 18, 12, 3, 0, 14][i]!;
      const fallback = calls > 10 ? 1 + (i % 2) : 0;
      return {
        date: ago((13 - i) * 24 * HOUR).slice(0, 10),
        calls,
        answered: calls - fallback,
        fallback,
        appointments_booked: Math.floor(calls / 3),
      };
    }),
  };
}
