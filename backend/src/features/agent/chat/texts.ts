/** What the chat says by itself: to the customer, to the model, and to the business. */
export interface ChatTexts {
  /** To the customer. */
  late: string;
  booked(when: string): string;
  opted_out: string;
  opted_in: string;
  /** When the model gives no answer that could be sent. */
  passed_on: string;
  /** To the model. */
  colleague(text: string): string;
  must_say(text: string): string;
  /** To the business. */
  somebody: string;
  unanswered: (customer: string) => string;
  unanswered_body: string;
  bell: string;
  bell_body: (customer: string) => string;
  too_old: string;
  wrote_after_opt_out: (customer: string) => string;
  wrote_after_opt_out_body: string;
  not_answered_by_model: string;
  not_sent: (reason: string) => string;
}

const he: ChatTexts = {
  late: "סליחה על העיכוב בתשובה.",
  booked: (when) => `מצוין, התור נקבע: ${when}.`,
  opted_out: "הוסרת, ולא נשלח לך עוד הודעות. כדי לחזור ולקבל תשובות אפשר לכתוב: התחל",
  opted_in: "שמחים שחזרת. איך אפשר לעזור?",
  passed_on: "העברתי את ההודעה לצוות, ויחזרו אליך בהקדם.",
  colleague: (text) => `עובד של העסק כתב ללקוח בשיחה הזאת: ${text}`,
  must_say: (text) => `הלקוח אישר ואין שעה מדויקת. אם עדיין אין: «${text}»`,
  somebody: "לקוח",
  unanswered: (customer) => `לענות ל${customer} בוואטסאפ`,
  unanswered_body: "הסוכן לא הצליח לענות על ההודעה. הוא ממשיך לנסות, אך הלקוח ממתין.",
  bell: "לקוח בוואטסאפ ממתין לתשובה",
  bell_body: (customer) => `הסוכן לא מצליח לענות ל${customer}.`,
  too_old: "ההודעה נכתבה לפני יותר מ־23 שעות, ולכן הסוכן לא ענה עליה.",
  wrote_after_opt_out: (customer) => `${customer} כתב אחרי שביקש הסרה`,
  wrote_after_opt_out_body: "הלקוח ביקש לא לקבל הודעות, ולכן הסוכן לא ענה. אפשר לענות לו אישית.",
  not_answered_by_model: "הסוכן לא ידע לענות על ההודעה.",
  not_sent: (reason) => `לא ניתן היה לשלוח את תשובת הסוכן: ${reason}`,
};

const en: ChatTexts = {
  late: "Sorry for the late answer.",
  booked: (when) => `Great, the appointment is booked: ${when}.`,
  opted_out:
    "You are off our list and will get no more messages. To be answered again, write: START",
  opted_in: "Good to have you back. How can we help?",
  passed_on: "I have passed your message on to the team, who will get back to you soon.",
  colleague: (text) => `A person of the business wrote to the customer in this chat: ${text}`,
  must_say: (text) =>
    `The customer confirmed without an exact time. If it is still open: «${text}»`,
  somebody: "a customer",
  unanswered: (customer) => `Answer ${customer} on WhatsApp`,
  unanswered_body: "The agent could not answer. It goes on trying, but the customer is waiting.",
  bell: "A customer waits for an answer on WhatsApp",
  bell_body: (customer) => `The agent can't answer ${customer}.`,
  too_old: "The message is more than 23 hours old, so the agent did not answer it.",
  wrote_after_opt_out: (customer) => `${customer} wrote after opting out`,
  wrote_after_opt_out_body:
    "The customer asked for no messages, so the agent did not answer. You can answer in person.",
  not_answered_by_model: "The agent did not know how to answer the message.",
  not_sent: (reason) => `The agent's answer could not be sent: ${reason}`,
};

export const textsIn = (language: string): ChatTexts => (language.startsWith("he") ? he : en);
