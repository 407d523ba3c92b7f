import { parseXml, type Element } from "./xml.ts";

/** A fault in TwiML, with the code Twilio's debugger would show. */
export interface TwimlProblem {
  code: number;
  reason: string;
}

interface VerbRule {
  attributes: readonly string[];
  required?: readonly string[];
  children?: readonly string[];
  /** Whether the verb's text means something. */
  text?: boolean;
}

const method = ["method"];
const rules: Readonly<Record<string, VerbRule>> = {
  Response: {
    attributes: [],
    children: ["Connect", "Dial", "Hangup", "Pause", "Play", "Record", "Redirect", "Reject", "Say"],
  },
  Connect: { attributes: ["action", ...method], children: ["Stream"] },
  Stream: {
    attributes: ["url", "name", "track", "statusCallback", "statusCallbackMethod"],
    required: ["url"],
    children: ["Parameter"],
  },
  Parameter: { attributes: ["name", "value"], required: ["name", "value"] },
  Play: { attributes: ["loop", "digits"], text: true },
  Say: { attributes: ["voice", "language", "loop"], text: true },
  Pause: { attributes: ["length"] },
  Record: {
    attributes: [
      "action",
      ...method,
      "timeout",
      "finishOnKey",
      "maxLength",
      "playBeep",
      "trim",
      "recordingStatusCallback",
      "recordingStatusCallbackMethod",
      "recordingStatusCallbackEvent",
      "transcribe",
      "transcribeCallback",
    ],
    required: ["action"],
  },
  Dial: {
    attributes: [
      "action",
      ...method,
      "timeout",
      "callerId",
      "answerOnBridge",
      "timeLimit",
      "hangupOnStar",
      "record",
      "ringTone",
    ],
    children: ["Number"],
    text: true,
  },
  Number: { attributes: ["statusCallback", "statusCallbackEvent", "url"], text: true },
  Hangup: { attributes: [] },
  Reject: { attributes: ["reason"] },
  Redirect: { attributes: method, text: true },
};

const urls: Readonly<Record<string, readonly string[]>> = {
  Connect: ["action"],
  Stream: ["statusCallback"],
  Record: ["action", "recordingStatusCallback"],
  Dial: ["action"],
};

/**
 * Reads TwiML and checks every verb and attribute.
 * @returns the verbs in order and what Twilio would complain about
 */
export function parseTwiml(xml: string): { verbs: Element[]; problems: TwimlProblem[] } {
  const problems: TwimlProblem[] = [];
  let root: Element;
  try {
    root = parseXml(xml);
  } catch (error) {
    const reason = `document parse failure: ${String(error)}`;
    return { verbs: [], problems: [{ code: 12_100, reason }] };
  }
  if (root.name !== "Response") {
    return { verbs: [], problems: [{ code: 12_101, reason: `root is <${root.name}>` }] };
  }
  check(root, problems);
  return { verbs: root.children, problems };
}

function check(element: Element, problems: TwimlProblem[]): void {
  const { name, attributes, children, text } = element;
  const rule = rules[name];
  const add = (code: number, reason: string) => problems.push({ code, reason });
  if (!rule) return void add(12_200, `unknown element <${name}>`);
  for (const attribute of Object.keys(attributes)) {
    if (!rule.attributes.includes(attribute)) add(12_200, `<${name} ${attribute}> is not allowed`);
  }
  for (const attribute of rule.required ?? []) {
    if (!attributes[attribute]) add(11_100, `<${name}> without ${attribute}`);
  }
  for (const attribute of urls[name] ?? []) {
    const value = attributes[attribute];
    if (value !== undefined) checkUrl(value, `<${name} ${attribute}>`, problems);
  }
  if (!rule.text && text.trim()) add(12_200, `text in <${name}>`);
  if (name === "Play" && !attributes.digits) checkUrl(text.trim(), "<Play>", problems);
  if (name === "Say" && /^(he|iw)\b/i.test(attributes.language ?? "")) {
    add(13_512, `<Say language="${attributes.language}"> has no voice`);
  }
  for (const child of children) {
    if (!rule.children?.includes(child.name)) add(12_200, `<${child.name}> in <${name}>`);
    else check(child, problems);
  }
}

function checkUrl(url: string, where: string, problems: TwimlProblem[]): void {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    problems.push({ code: 11_100, reason: `${where} needs an absolute URL: ${url}` });
  }
}
