import { Contents } from "./contents.ts";
import { newSid, type MessageStatus, type SimMessage } from "./message.ts";
import { MessagesApi } from "./messages-api.ts";
import { callWebhook, type Network, type WebhookRequest } from "./webhook.ts";

/** WhatsApp's window for free text after a customer's message. */
const WINDOW_MS = 24 * 3_600_000;
const WINDOW_CLOSED = 63_016;

/** What a customer writes. */
export interface CustomerWrites {
  /** E.164 */
  from: string;
  to: string;
  body?: string;
  profile_name?: string;
  media?: { type: string; bytes: Buffer }[];
  /** The message that this one answers. */
  reply_to?: SimMessage;
  /** Fields beside the usual ones, or in their place. */
  more?: Record<string, string>;
}

interface WhatsappOptions {
  account_sid: string;
  public_base_url: string;
  network: Network;
  api_base_url(): string;
  messages: SimMessage[];
  webhooks: WebhookRequest[];
  violation(code: number, reason: string): void;
}

/** WhatsApp at Twilio: templates, windows, messages both ways and what is told of them. */
export class WhatsappDesk {
  readonly contents = new Contents();
  /** What is told of a message by itself once it was accepted, in this order. */
  fate: MessageStatus[] = ["sent", "delivered"];
  /** Numbers that may send; null: any may. */
  senders: Set<string> | null = null;
  /** The time by which windows close. */
  now: () => number = () => Date.now();
  readonly api: MessagesApi;
  #options: WhatsappOptions;
  /** When each customer last wrote to each sender. */
  #wrote = new Map<string, number>();
  #telling = new Set<Promise<unknown>>();

  constructor(options: WhatsappOptions) {
    this.#options = options;
    const { account_sid, api_base_url, messages } = options;
    this.api = new MessagesApi({
      ...{ account_sid, api_base_url, messages, contents: this.contents },
      maySend: (number) => this.senders?.has(number) ?? true,
      now: () => this.now(),
      accepted: (message) => this.#accepted(message),
      violation: (reason) => options.violation(20_001, reason),
    });
  }

  /** What went out to WhatsApp, in order. */
  get sent(): SimMessage[] {
    return this.#options.messages.filter(
      ({ direction, params }) =>
        direction === "outbound-api" && String(params.To).startsWith("whatsapp:"),
    );
  }

  /** A customer writes; resolves with the product's answer to the webhook. */
  async receive(written: CustomerWrites): Promise<{ message: SimMessage; answer: WebhookRequest }> {
    const { from, to, body = "", media = [], reply_to, profile_name = "", more = {} } = written;
    const { account_sid, messages, public_base_url } = this.#options;
    const message: SimMessage = {
      sid: newSid(media.length > 0 ? "MM" : "SM"),
      params: { To: `whatsapp:${to}`, From: `whatsapp:${from}`, Body: body },
      ...{ direction: "inbound", body, status: "received", error_code: null },
      created_at: new Date(this.now()),
      media: media.map((file) => ({ sid: newSid("ME"), ...file })),
    };
    messages.push(message);
    this.#wrote.set(`${from} ${to}`, this.now());
    const { sid } = message;
    const base = `${this.#options.api_base_url()}/2010-04-01/Accounts/${account_sid}/Messages`;
    const files = message.media.flatMap((file, n) => [
      [`MediaContentType${n}`, file.type],
      [`MediaUrl${n}`, `${base}/${sid}/Media/${file.sid}`],
    ]);
    const answer = await this.#tell(`${public_base_url}/webhook/whatsapp/twilio`, {
      ...{ SmsMessageSid: sid, SmsSid: sid, MessageSid: sid, AccountSid: account_sid },
      ...{ From: `whatsapp:${from}`, To: `whatsapp:${to}`, WaId: from.slice(1), Body: body },
      ...{ ProfileName: profile_name, SmsStatus: "received", NumSegments: "1" },
      ...{ NumMedia: String(media.length), ReferralNumMedia: "0", ApiVersion: "2010-04-01" },
      MessageType: media[0]?.type.split("/")[0] ?? "text",
      ...(reply_to && { OriginalRepliedMessageSid: reply_to.sid }),
      ...Object.fromEntries(files),
      ...more,
    });
    return { message, answer };
  }

  /** Tells the product how a message fares; null when it did not ask to be told. */
  async report(
    message: SimMessage,
    status: MessageStatus,
    error_code: number | null = null,
  ): Promise<WebhookRequest | null> {
    const { sid, params } = message;
    message.status = status;
    message.error_code = error_code;
    const { StatusCallback: callback } = params;
    if (typeof callback !== "string") return null;
    const answer = await this.#tell(callback, {
      ...{ MessageSid: sid, SmsSid: sid, MessageStatus: status, SmsStatus: status },
      ...{ From: String(params.From), To: String(params.To), ChannelPrefix: "whatsapp" },
      ...{ AccountSid: this.#options.account_sid, ApiVersion: "2010-04-01" },
      ChannelToAddress: String(params.To).slice("whatsapp:".length),
      ...(status === "read" && { EventType: "READ" }),
      ...(error_code !== null && { ErrorCode: String(error_code), EventType: "UNDELIVERED" }),
    });
    if (answer.status >= 400) this.#options.violation(11_200, `${callback}: ${answer.status}`);
    return answer;
  }

  /** Resolves when all that is told by itself was told. */
  async settled(): Promise<void> {
    while (this.#telling.size > 0) await Promise.all(this.#telling);
  }

  #accepted(message: SimMessage): void {
    const { To, From, ContentSid } = message.params;
    if (!String(To).startsWith("whatsapp:")) return;
    const approved = this.contents.find(String(ContentSid))?.status === "approved";
    const key = `${String(To).slice(9)} ${String(From).slice(9)}`;
    const open = this.now() - (this.#wrote.get(key) ?? -Infinity) <= WINDOW_MS;
    const telling = open || approved ? this.#fare(message) : this.#refuse(message);
    this.#telling.add(telling);
    void telling.finally(() => this.#telling.delete(telling));
  }

  async #fare(message: SimMessage): Promise<void> {
    for (const status of this.fate) {
      await new Promise(setImmediate);
      await this.report(message, status);
    }
  }

  /** Twilio takes the message, and says afterwards that WhatsApp did not. */
  async #refuse(message: SimMessage): Promise<void> {
    await new Promise(setImmediate);
    await this.report(message, "failed", WINDOW_CLOSED);
  }

  async #tell(url: string, params: Record<string, string>): Promise<WebhookRequest> {
    const answer = await callWebhook(url, params, this.#options.network);
    this.#options.webhooks.push(answer);
    return answer;
  }
}
