import { expect } from "vitest";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; null when it is not JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks into it freely
  readonly body: any;
}

type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** Speaks to the backend as the console does: keeps cookies and sends the CSRF token along. */
export class Browser {
  readonly base: string;
  readonly cookies = new Map<string, string>();
  /** Sent with every request; a test may break one. */
  readonly headers: Record<string, string> = {};

  constructor(base: string) {
    this.base = base;
  }

  async send(method: Method, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.base + path, {
      method,
      headers: {
        Cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(method !== "GET" && { "X-CSRF-Token": this.cookies.get("al_csrf") ?? "" }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...this.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const text = await response.text();
    const json = response.headers.get("Content-Type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json ? JSON.parse(text) : null,
    };
  }

  get = (path: string) => this.send("GET", path);
  post = (path: string, body?: unknown) => this.send("POST", path, body);
  patch = (path: string, body?: unknown) => this.send("PATCH", path, body);
  delete = (path: string) => this.send("DELETE", path);

  /** Signs in, and fails the test when that does not work. */
  async login(email: string, password: string): Promise<Answer> {
    const answer = await this.post("/api/auth/login", { email, password });
    expect(answer.status, answer.text).toBe(200);
    return answer;
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const [name = "", value = ""] = pair.split("=");
    const gone = attributes.some((a) => {
      const [key, when] = a.trim().split("=");
      return key?.toLowerCase() === "expires" && Date.parse(when!) <= Date.now();
    });
    if (gone || value === "") this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** An RFC 9457 answer of the given status and kind. */
export function expectProblem(answer: Answer, status: number, id: string): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get("Content-Type")).toContain("application/problem+json");
  expect(answer.body).toMatchObject({
    type: `urn:agentlocator:${id}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    request_id: answer.headers.get("X-Request-Id"),
  });
}
