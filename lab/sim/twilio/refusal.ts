/** What Twilio answers when it refuses: an HTTP status, its own code, and a sentence. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function notFound(what: string): Refusal {
  return new Refusal(404, 20_404, `The requested resource ${what} was not found`);
}

export type Form = Record<string, string | string[]>;

export interface Answer {
  status: number;
  json?: unknown;
  file?: { type: string; body: Buffer };
}
