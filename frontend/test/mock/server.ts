import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as data from "./data.ts";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
};
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self'",
  "frame-ancestors 'none'",
].join("; ");

export interface Mock {
  url: string;
  state: {
    user: "owner" | "admin" | null;
    tenant: number | null;
    empty: boolean;
    demo: boolean;
    setup: boolean;
  };
  /** Requests that changed something, as `METHOD path`. */
  writes: { line: string; body: unknown; csrf: string | undefined }[];
  /** Answers the next request whose `METHOD path` begins so with this problem. */
  fail(line: string, status: number, type: string): void;
  emit(name: string, ref: unknown): void;
  dropStreams(): void;
  close(): Promise<void>;
}

const page = (items: unknown[]) => ({ items, next_cursor: null });

export async function startMock(): Promise<Mock> {
  const state: Mock["state"] = { user: "owner", tenant: 1, empty: false, demo: true, setup: false };
  const streams = new Set<ServerResponse>();
  const failures: { line: string; status: number; type: string }[] = [];
  const writes: Mock["writes"] = [];
  const some = <T>(items: T[]) => (state.empty ? [] : items);

  function me() {
    return {
      user: state.user === "admin" ? data.admin : data.owner,
      tenant: data.businesses.find(({ id }) => id === state.tenant) ?? null,
      impersonating: state.user === "admin" && state.tenant !== null,
      csrf_token: "csrf",
      demo: state.demo,
    };
  }

  function answer(line: string, url: URL, body: any): unknown {
    const [method, path] = line.split(" ") as [string, string];
    const id = path.split("/").at(-1)!;
    if (path === "/api/auth/me") return me();
    if (path === "/api/setup") return method === "GET" ? { needed: state.setup } : me();
    if (path === "/api/auth/login") {
      state.user = "owner";
      return me();
    }
    if (path === "/api/auth/logout") {
      state.user = null;
      return {};
    }
    if (path === "/api/admin/impersonation") {
      state.tenant = method === "POST" ? body.business_id : null;
      return me();
    }
    if (path === "/api/admin/businesses") return page(some(data.businesses));
    if (path === "/api/dashboard") return data.dashboard(state.empty);
    if (path === "/api/calls") return page(some(data.calls));
    if (path.startsWith("/api/calls/")) return data.calls.find(({ call_sid }) => call_sid === id);
    if (path === "/api/appointments" && method === "GET") return page(some(data.appointments));
    if (path === "/api/appointments") return { ...data.appointments[0], id: 99, ...body };
    if (path.startsWith("/api/appointments/")) {
      const item = data.appointments.find((one) => String(one.id) === id);
      return method === "GET" ? item : Object.assign({}, item, body);
    }
    if (path === "/api/settings")
      return method === "GET" ? data.settings : { ...data.settings, ...body };
    if (path === "/api/tasks" && method === "GET") {
      return page(url.searchParams.get("status") === "done" ? [] : some(data.tasks));
    }
    if (path.startsWith("/api/tasks")) return { ...data.tasks[0], ...body };
    if (path === "/api/contacts" && method === "GET") return page(some(data.contacts));
    if (path.startsWith("/api/contacts")) return { ...data.contacts[0], ...body };
    if (path === "/api/notifications") return page(some(data.notifications));
    if (path.startsWith("/api/notifications/")) return {};
    if (path === "/api/demo/call") return {};
    return undefined;
  }

  function problem(response: ServerResponse, status: number, type: string): void {
    response.writeHead(status, { "content-type": "application/problem+json" });
    response.end(
      JSON.stringify({
        type: `urn:agentlocator:${type}`,
        title: type,
        status,
        request_id: "01TESTREQUEST",
      }),
    );
  }

  function stream(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 300\nevent: ping\ndata: {}\n\n");
    streams.add(response);
    response.on("close", () => streams.delete(response));
  }

  async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const line = `${request.method} ${url.pathname}`;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text ? JSON.parse(text) : undefined;
    if (request.method !== "GET") {
      writes.push({ line, body, csrf: request.headers["x-csrf-token"] as string | undefined });
    }
    const failing = failures.findIndex((failure) => line.startsWith(failure.line));
    if (failing >= 0) {
      const { status, type } = failures.splice(failing, 1)[0]!;
      return problem(response, status, type);
    }
    const isPublic = ["/api/auth/login", "/api/setup"].includes(url.pathname);
    if (!state.user && !isPublic) return problem(response, 401, "not_signed_in");
    if (url.pathname === "/api/events") return stream(response);
    const result = answer(line, url, body);
    if (result === undefined) return problem(response, 404, "not_found");
    response.writeHead(200, {
      "content-type": "application/json",
      "set-cookie": "al_csrf=csrf; path=/",
    });
    response.end(JSON.stringify(result));
  }

  async function file(response: ServerResponse, path: string): Promise<void> {
    const name = extname(path) ? path : "/index.html";
    try {
      const bytes = await readFile(join(DIST, name));
      response.writeHead(200, {
        "content-type": TYPES[extname(name)] ?? "application/octet-stream",
        "content-security-policy": CSP,
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://mock");
    const work = url.pathname.startsWith("/api/")
      ? api(request, response, url)
      : file(response, url.pathname);
    work.catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    writes,
    fail: (line, status, type) => void failures.push({ line, status, type }),
    emit(name, ref) {
      for (const response of streams)
        response.write(`event: ${name}\ndata: ${JSON.stringify(ref)}\n\n`);
    },
    dropStreams() {
      for (const response of streams) response.destroy();
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
