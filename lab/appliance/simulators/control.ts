import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import type { Report } from "./report.ts";

const Call = z.strictObject({ to: z.string(), from: z.string().optional(), books: z.boolean() });
const Load = z.strictObject({
  /** The number that is called. */
  business: z.string(),
  /** The telephone with the business's WhatsApp on it. */
  owner: z.string(),
  /** So many calls at once. */
  lanes: z.int(),
  /** So many customers who write. */
  writers: z.int(),
});
const Scan = z.strictObject({ owner: z.string(), qr: z.string() });
const Model = z.strictObject({ answers: z.boolean() });
export type CallRequest = z.infer<typeof Call>;

export interface Control {
  /** Places one call; its sid. */
  call(request: CallRequest): string;
  load(request: z.infer<typeof Load>): void;
  /** Ends the load: no new calls and messages; resolves when the calls are over. */
  quiet(): Promise<void>;
  scan(owner: string, qr: string): Promise<void>;
  /** Whether calls get a model from now on; without one their callers leave messages. */
  model(answers: boolean): void;
  report(): Report;
}

/** JSON over HTTP: `POST /call`, `/load`, `/quiet`, `/scan`, `/model`, and `GET /` for the report. */
export async function serveControl(port: number, control: Control): Promise<void> {
  const server = createServer(async (request, response) => {
    try {
      const body: unknown = request.method === "POST" ? await json(request) : null;
      const answer = await run(control, request.url ?? "", body);
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(port, resolve));
}

async function run(control: Control, path: string, body: unknown): Promise<object> {
  switch (path) {
    case "/":
      return control.report();
    case "/call":
      return { sid: control.call(Call.parse(body)) };
    case "/load":
      control.load(Load.parse(body));
      return {};
    case "/quiet":
      await control.quiet();
      return {};
    case "/scan": {
      const { owner, qr } = Scan.parse(body);
      await control.scan(owner, qr);
      return {};
    }
    case "/model":
      control.model(Model.parse(body).answers);
      return {};
    default:
      throw new Error(`no such address: ${path}`);
  }
}
