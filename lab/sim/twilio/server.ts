import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SimCall, type CallOptions } from "./call.ts";
import { Follower, type Document } from "./follower.ts";
import type { DialResult, Line } from "./line.ts";
import { Recordings } from "./recordings.ts";
import type { SimMessage } from "./message.ts";
import { RestApi, type RestFault } from "./rest.ts";
import { callWebhook, type Network, type WebhookRequest } from "./webhook.ts";
import { WhatsappDesk } from "./whatsapp.ts";

export interface TwilioSimOptions {
  /** PUBLIC_BASE_URL of the product: what is signed and what TwiML speaks of. */
  public_base_url: string;
  /** Where the product really listens; the public address when absent. */
  target?: string;
  account_sid?: string;
  auth_token?: string;
  /** `<Play>` takes 1/prompt_speed of its time; default 1. */
  prompt_speed?: number;
}

/** Something the product did that Twilio would refuse or report in its debugger. */
export interface Violation {
  call_sid: string;
  /** Twilio's error code where it has one. */
  code: number;
  reason: string;
}

/** Twilio on loopback: it calls the product's webhooks and streams; the product calls its REST. */
export class TwilioSim {
  readonly account_sid: string;
  readonly auth_token: string;
  /** What the product did that Twilio would refuse. Tests expect it to be empty. */
  readonly violations: Violation[] = [];
  /** Every webhook and its answer. */
  readonly webhooks: WebhookRequest[] = [];
  /** Messages of both directions, in order. */
  readonly messages: SimMessage[] = [];
  readonly whatsapp: WhatsappDesk;
  readonly calls = new Map<string, SimCall>();
  readonly recordings = new Recordings();
  /** How dialled numbers answer. */
  dial: (number: string) => DialResult = () => ({ status: "completed", seconds: 1 });
  /** REST requests, with the status they got. */
  readonly requests: RestApi["requests"];
  #options: TwilioSimOptions;
  #rest: RestApi;
  #server: Server | null = null;
  #port = 0;
  #host = "127.0.0.1";
  #followers = new Map<SimCall, Follower>();

  constructor(options: TwilioSimOptions) {
    this.#options = options;
    this.account_sid = options.account_sid ?? `AC${"0".repeat(31)}1`;
    this.auth_token = options.auth_token ?? "0123456789abcdef0123456789abcdef";
    this.whatsapp = new WhatsappDesk({
      ...{ account_sid: this.account_sid, public_base_url: options.public_base_url },
      ...{ network: this.#network(), messages: this.messages, webhooks: this.webhooks },
      api_base_url: () => this.api_base_url,
      violation: (code, reason) => this.violations.push({ call_sid: "-", code, reason }),
    });
    this.#rest = new RestApi({
      account_sid: this.account_sid,
      auth_token: this.auth_token,
      recordings: this.recordings,
      calls: this.calls,
      redirect: (call, document) => this.#followers.get(call)?.redirect(document),
      place: ({ To = "", From = "", Url = "", Method = "POST", Twiml }) => {
        const call = new SimCall({ to: To, from: From });
        const document = { kind: "document" as const, url: Url, method: Method, params: {} };
        this.#run(call, Twiml ? { twiml: Twiml } : document, "outbound-api");
        return call;
      },
      messages: this.whatsapp.api,
      violation: (call_sid, code, reason) => this.violations.push({ call_sid, code, reason }),
    });
    this.requests = this.#rest.requests;
  }

  /** For TWILIO_API_BASE_URL. */
  get api_base_url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  /** The product's address, when it is only known later. */
  set target(target: string) {
    this.#options.target = target;
  }

  /** @param at.host the name others reach it by, on every interface; on loopback without it */
  async start({ port = 0, host }: { port?: number; host?: string } = {}): Promise<this> {
    this.#server = createServer((request, response) => void this.#rest.handle(request, response));
    this.#server.listen(port, host ? undefined : this.#host);
    this.#host = host ?? this.#host;
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Hangs up every call and stops. */
  async stop(): Promise<void> {
    await this.whatsapp.settled();
    for (const call of this.calls.values()) call.hangUp();
    await Promise.all([...this.calls.values()].map(({ ended }) => ended));
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** The next REST request fails in this way; calls queue up. */
  nextRequest(fault: RestFault): void {
    this.#rest.faults.push(fault);
  }

  /** A caller dials the number `to`. Returns at once; the call goes on by itself. */
  placeCall(options: CallOptions): SimCall {
    const call = new SimCall(options);
    const url = `${this.#options.public_base_url}/webhook/incoming_call`;
    this.#run(call, { kind: "document", url, method: "POST", params: {} }, "inbound");
    return call;
  }

  #run(call: SimCall, document: Document, direction: string): void {
    this.calls.set(call.sid, call);
    const follower = new Follower(this.#line(call, direction));
    this.#followers.set(call, follower);
    void follower
      .run(document)
      .then(() => this.#completed(call, follower.line))
      .finally(() => {
        this.#followers.delete(call);
        call.finish();
      });
  }

  async #completed(call: SimCall, line: Line): Promise<void> {
    const seconds = Math.ceil((performance.now() - call.started_at) / 1000);
    const params = {
      CallDuration: String(seconds),
      Duration: String(Math.ceil(seconds / 60)),
      Timestamp: new Date().toUTCString(),
      CallbackSource: "call-progress-events",
      SequenceNumber: "0",
    };
    const answer = await line.webhook(
      `${this.#options.public_base_url}/webhook/call_status`,
      params,
    );
    if (answer.status >= 400) line.violation(11_200, `call_status: ${answer.status}`);
  }

  #line(call: SimCall, direction: string): Line {
    const network = this.#network();
    return {
      call,
      account_sid: this.account_sid,
      api_base_url: this.api_base_url,
      network,
      recordings: this.recordings,
      prompt_speed: this.#options.prompt_speed ?? 1,
      dial: (number) => this.dial(number),
      violation: (code, reason) => {
        this.violations.push({ call_sid: call.sid, code, reason });
        call.report("violation", { code, reason });
      },
      webhook: async (url, params, method) => {
        const usual = this.#usual(call, direction);
        const answer = await callWebhook(url, { ...usual, ...params }, network, method);
        this.webhooks.push(answer);
        const path = URL.canParse(url) ? new URL(url).pathname : url;
        call.report("webhook", { path, status: answer.status, ms: answer.ms });
        return answer;
      },
    };
  }

  #network(): Network {
    const options = this.#options;
    const { public_base_url } = options;
    return {
      public_base_url,
      auth_token: this.auth_token,
      get target() {
        return options.target ?? public_base_url;
      },
    };
  }

  #usual({ sid, from, to, status }: SimCall, direction: string): Record<string, string> {
    const parties = { From: from, To: to, Caller: from, Called: to, FromCountry: "IL" };
    const call = { CallSid: sid, CallStatus: status, Direction: direction };
    return { AccountSid: this.account_sid, ApiVersion: "2010-04-01", ...call, ...parties };
  }
}
