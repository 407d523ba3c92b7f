/** What the product tells a business about a call that the agent could not serve. */
export interface Notices {
  withheld: string;
  call_back: (caller: string) => string;
  call_back_why: string;
  bell: string;
  bell_body: (caller: string) => string;
  voice_message: (caller: string) => string;
  recorded: (seconds: number | null) => string;
  transcript: (text: string) => string;
  no_words: string;
  not_fetched: string;
  not_transcribed: string;
}

const he: Notices = {
  withheld: "מספר חסוי",
  call_back: (caller) => `לחזור אל ${caller}: השיחה לא נענתה`,
  call_back_why: "הסוכן לא הצליח לענות והמתקשר הופנה להשארת הודעה.",
  bell: "שיחה עברה להשארת הודעה",
  bell_body: (caller) => `השיחה מ־${caller} לא נענתה על ידי הסוכן.`,
  voice_message: (caller) => `הודעה קולית מ־${caller}`,
  recorded: (seconds) =>
    seconds ? `הושארה הודעה מוקלטת (${seconds} שניות).` : "הושארה הודעה מוקלטת.",
  transcript: (text) => `תמלול ההודעה: ${text}`,
  no_words: "בהקלטה לא נשמעו מילים.",
  not_fetched: "המתקשר השאיר הודעה, אך לא ניתן היה להביא את ההקלטה מ־Twilio.",
  not_transcribed: "את ההודעה המוקלטת לא ניתן היה לתמלל.",
};

const en: Notices = {
  withheld: "a withheld number",
  call_back: (caller) => `Call back ${caller}: the call was not answered`,
  call_back_why: "The agent could not answer, and the caller was asked to leave a message.",
  bell: "A call went to the message recording",
  bell_body: (caller) => `The call from ${caller} was not answered by the agent.`,
  voice_message: (caller) => `Voice message from ${caller}`,
  recorded: (seconds) =>
    seconds ? `A message was recorded (${seconds} seconds).` : "A message was recorded.",
  transcript: (text) => `Transcript: ${text}`,
  no_words: "No words were heard in the recording.",
  not_fetched: "The caller left a message, but its recording could not be fetched from Twilio.",
  not_transcribed: "The recorded message could not be transcribed.",
};

/** The notices in the business's language. */
export const noticesIn = (language: string): Notices => (language.startsWith("he") ? he : en);
