import type { CallStatus } from "./call.ts";
import type { Line, Next } from "./line.ts";
import { parseTwiml } from "./twiml.ts";
import { verbs } from "./verbs.ts";

/** TwiML to follow: given as text, or to be asked for. */
export type Document = { twiml: string } | Extract<Next, { kind: "document" }>;

const max_documents = 50;

/** Follows a call's TwiML to its end, as Twilio does. */
export class Follower {
  readonly line: Line;
  #replacement: Document | null = null;
  #current = new AbortController();
  #told = false;

  constructor(line: Line) {
    this.line = line;
  }

  /** Puts another document in place of the current one (REST update). */
  redirect(document: Document): void {
    this.#replacement = document;
    this.line.call.report("redirected");
    this.#current.abort();
  }

  /** Answers the call and follows; resolves when the call is over. */
  async run(first: Document): Promise<void> {
    const { call } = this.line;
    let document: Document | null = first;
    for (let count = 0; document && count < max_documents; count++) {
      const next: Document | null = await this.#perform(document);
      const over = call.over.signal.aborted && !this.#mayAsk(next);
      document = over ? null : (this.#replacement ?? next);
      this.#replacement = null;
    }
    if (document) this.line.violation(12_999, "TwiML goes round in circles");
    const left: CallStatus = call.status === "busy" ? "busy" : "completed";
    call.status = left;
    call.report("ended", { status: left });
    call.over.abort();
  }

  /** After the hang-up Twilio still reports a recording, and perhaps the stream's end, once. */
  #mayAsk(next: Document | null): boolean {
    if (!next || !("url" in next) || this.#told) return false;
    this.#told = true;
    this.line.call.status = "completed";
    return "RecordingSid" in next.params || this.line.call.options.action_after_hangup === true;
  }
  async #perform(document: Document): Promise<Document | null> {
    const { call, violation } = this.line;
    const xml = "twiml" in document ? document.twiml : await this.#fetch(document);
    if (xml === null || this.#replacement || call.over.signal.aborted) return null;
    const { verbs: elements, problems } = parseTwiml(xml);
    for (const { code, reason } of problems) violation(code, reason);
    if (call.status === "ringing" && elements[0]?.name !== "Reject") call.status = "in-progress";
    this.#current = new AbortController();
    const signal = AbortSignal.any([this.#current.signal, call.over.signal]);
    for (const element of elements) {
      if (signal.aborted) return null;
      const verb = verbs[element.name];
      if (!verb) continue;
      call.report("verb", { name: element.name });
      const next = await verb(this.line, element, signal);
      if (this.#current.signal.aborted) return null;
      if (next.kind === "document") return next;
      if (next.kind === "hang_up") return null;
    }
    return null;
  }

  /** The document's text; null, and a violation, when there is none to be had. */
  async #fetch(document: Extract<Document, { url: string }>): Promise<string | null> {
    const { url, params, method } = document;
    const answer = await this.line.webhook(url, params, method);
    if (answer.status === 204 || (answer.status === 200 && answer.body.trim() === "")) {
      return "<Response/>";
    }
    if (answer.status !== 200) {
      this.line.violation(11_200, `${method} ${url}: ${answer.status || answer.body}`);
      return null;
    }
    if (!/^(text|application)\/xml\b/.test(answer.content_type)) {
      this.line.violation(12_300, `${url} is ${answer.content_type}`);
      return null;
    }
    return answer.body;
  }
}
