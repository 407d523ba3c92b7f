import { z } from "zod";
import type { Contents } from "./contents.ts";
import { messageResource, newSid, type SimMessage } from "./message.ts";
import { notFound, Refusal, type Answer, type Form } from "./refusal.ts";

const url = z.url({ protocol: /^https?$/ });
const address = z.string().regex(/^(whatsapp:)?\+[1-9]\d{6,14}$/);
const create = z
  .strictObject({
    To: address,
    From: address.optional(),
    MessagingServiceSid: z.string().startsWith("MG").optional(),
    Body: z.string().optional(),
    MediaUrl: z.union([url, z.array(url).max(10)]).optional(),
    ContentSid: z.string().optional(),
    ContentVariables: z.string().optional(),
    StatusCallback: url.optional(),
  })
  .refine(({ Body, MediaUrl, ContentSid }) => Body ?? MediaUrl ?? ContentSid, {
    message: "A text message body or media urls must be specified.",
  })
  .refine(({ From, MessagingServiceSid }) => From ?? MessagingServiceSid, {
    message: "A 'From' phone number is required.",
  });
const Variables = z.record(z.string(), z.string());

const LONGEST = 1600;

export interface MessagesOptions {
  account_sid: string;
  api_base_url(): string;
  contents: Contents;
  messages: SimMessage[];
  /** Whether a number is a WhatsApp sender. */
  maySend(number: string): boolean;
  now(): number;
  accepted(message: SimMessage): void;
  violation(reason: string): void;
}

/** `/Messages` of the REST API, and the Content API. */
export class MessagesApi {
  #options: MessagesOptions;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** Undefined for what is none of its routes; `route` is like `POST /Messages.json`. */
  answer(route: string, query: URLSearchParams, form: Form): Answer | undefined {
    const { account_sid } = this.#options;
    if (route === "POST /Messages.json") return this.#create(form);
    if (route === "GET /Messages.json") return this.#list(query);
    const one =
      /^GET \/Messages\/((?:SM|MM)[0-9a-f]{32})(?:\.json|\/Media\/(ME[0-9a-f]{32}))$/.exec(route);
    if (!one) return undefined;
    const [, sid = "", media_sid] = one;
    const message = this.#options.messages.find((known) => known.sid === sid);
    if (!message) throw notFound(sid);
    if (!media_sid) return { status: 200, json: messageResource(message, account_sid) };
    const media = message.media.find((known) => known.sid === media_sid);
    if (!media) throw notFound(media_sid);
    return { status: 200, file: { type: media.type, body: media.bytes } };
  }

  /** `GET /v1/…` of content.twilio.com. */
  content(path: string, query: URLSearchParams): Answer {
    const { contents, account_sid, api_base_url } = this.#options;
    if (path !== "/v1/ContentAndApprovals") throw notFound(path);
    return { status: 200, json: contents.page(account_sid, query, api_base_url()) };
  }

  #create(form: Form): Answer {
    const parsed = create.safeParse(form);
    if (!parsed.success) {
      const reason = z.prettifyError(parsed.error);
      const code = parsed.error.issues[0]?.path[0] === "To" ? 21_211 : 20_001;
      this.#options.violation(reason);
      throw new Refusal(400, code, reason);
    }
    const { To, From, Body = "", ContentSid, ContentVariables, MediaUrl = [] } = parsed.data;
    if (Body.length > LONGEST) {
      throw new Refusal(400, 21_617, "The concatenated message body exceeds the 1600 limit.");
    }
    if (From && From.startsWith("whatsapp:") !== To.startsWith("whatsapp:")) {
      throw new Refusal(400, 21_910, "Invalid From and To pair. They must be of the same channel");
    }
    if (From?.startsWith("whatsapp:") && !this.#options.maySend(From.slice(9))) {
      throw new Refusal(
        400,
        63_007,
        "Twilio could not find a Channel with the specified From address",
      );
    }
    const message: SimMessage = {
      sid: newSid([MediaUrl].flat().length > 0 ? "MM" : "SM"),
      params: parsed.data as SimMessage["params"],
      direction: "outbound-api",
      body: ContentSid ? this.#filled(ContentSid, ContentVariables) : Body,
      status: "queued",
      error_code: null,
      created_at: new Date(this.#options.now()),
      media: [],
    };
    this.#options.messages.push(message);
    this.#options.accepted(message);
    return { status: 201, json: messageResource(message, this.#options.account_sid) };
  }

  #filled(sid: string, variables = "{}"): string {
    const { contents } = this.#options;
    const content = contents.find(sid);
    if (!content) throw new Refusal(400, 21_655, "The ContentSid is invalid");
    let json: unknown;
    try {
      json = JSON.parse(variables);
    } catch {
      json = null;
    }
    const given = Variables.safeParse(json);
    if (!given.success) throw new Refusal(400, 21_656, "The ContentVariables parameter is invalid");
    return contents.fill(content, given.data);
  }

  #list(query: URLSearchParams): Answer {
    const { account_sid, messages } = this.#options;
    const [to, from] = [query.get("To"), query.get("From")];
    const page_size = Number(query.get("PageSize") ?? 50);
    const page = Number(query.get("Page") ?? 0);
    const found = messages
      .filter(({ params }) => (!to || params.To === to) && (!from || params.From === from))
      .toReversed();
    const json = {
      messages: found
        .slice(page * page_size, (page + 1) * page_size)
        .map((message) => messageResource(message, account_sid)),
      ...{ page, page_size, start: page * page_size, next_page_uri: null },
    };
    return { status: 200, json };
  }
}
