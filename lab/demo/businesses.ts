/** The businesses of the demo, and the customers that call them. All of it is made up. */
export interface DemoBusiness {
  readonly name: string;
  readonly phone_number: string;
  /** `phone`: with WhatsApp on it. */
  readonly owner: { readonly email: string; readonly name: string; readonly phone: string };
  readonly settings: {
    readonly greeting: string;
    readonly ai_prompt: string;
    readonly slot_minutes: number;
    readonly business_hours: Readonly<Record<string, [string, string][]>>;
  };
  readonly customers: readonly { readonly name: string; readonly phone: string }[];
}

const weekdays = (from: string, to: string) =>
  Object.fromEntries(
    ["sun", "mon", "tue", "wed", "thu"].map((day) => [day, [[from, to]] as [string, string][]]),
  );

export const BUSINESSES: readonly DemoBusiness[] = [
  {
    name: "מספרת דנה (הדגמה)",
    phone_number: "+97231234567",
    owner: { email: "dana@demo.example", name: "דנה", phone: "+972525550001" },
    settings: {
      greeting: "שלום, הגעתם למספרת דנה. איך אפשר לעזור?",
      ai_prompt: "מספרה לנשים ולגברים. תספורת אורכת חצי שעה. מדברים בחום ובקיצור.",
      slot_minutes: 30,
      business_hours: { ...weekdays("09:00", "19:00"), fri: [["09:00", "13:00"]] },
    },
    customers: [
      { name: "יעל כהן", phone: "+972525550101" },
      { name: "אורי לוי", phone: "+972545550102" },
      { name: "נועה ביטון", phone: "+972505550103" },
    ],
  },
  {
    name: "מרפאת שיניים הדר (הדגמה)",
    phone_number: "+97246543210",
    owner: { email: "hadar@demo.example", name: "ד״ר הדר", phone: "+972525550002" },
    settings: {
      greeting: "מרפאת שיניים הדר, שלום. במה אפשר לעזור?",
      ai_prompt: "מרפאת שיניים. בדיקה אורכת ארבעים וחמש דקות. בכאב חזק מציעים שיחה עם הרופאה.",
      slot_minutes: 45,
      business_hours: weekdays("08:00", "17:00"),
    },
    customers: [
      { name: "איתן מזרחי", phone: "+972525550104" },
      { name: "מאיה פרץ", phone: "+972545550105" },
    ],
  },
];
