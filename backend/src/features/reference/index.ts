import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { notFound } from "../../http/problem.ts";
import { openApiDocument } from "../../http/openapi.ts";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";

const ui = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AgentLocator API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body><div id="reference"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;
const START = `window.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#reference",
  requestInterceptor(request) {
    const csrf = document.cookie.match(/(?:^|; )al_csrf=([^;]*)/);
    if (csrf) request.headers["X-CSRF-Token"] = decodeURIComponent(csrf[1]);
    return request;
  },
});
`;
const FILES: Record<string, { type: string; read: () => Promise<Buffer | string> }> = {
  "start.js": { type: "text/javascript", read: async () => START },
  "swagger-ui.css": { type: "text/css", read: () => readFile(join(ui, "swagger-ui.css")) },
  "swagger-ui-bundle.js": {
    type: "text/javascript",
    read: () => readFile(join(ui, "swagger-ui-bundle.js")),
  },
};

const reason = "the interface is no secret; using it needs a session";

/** The OpenAPI document of all routes, this feature's own among them, and a page to read it with. */
export function referenceRoutes(others: Route[]): Route[] {
  const routes = [
    defineRoute({
      id: "getOpenApi",
      method: "get",
      path: "/api/openapi.json",
      summary: "This document",
      access: { public: reason },
      response: z.looseObject({ openapi: z.string() }),
      handler: async () => ({ ...document }),
    }),
    defineRoute({
      id: "getReference",
      method: "get",
      path: "/api/docs",
      summary: "A page to read this document with",
      access: { public: reason },
      response: { raw: "text/html" },
      handler: async ({ ctx }) => {
        ctx.type = "html";
        ctx.body = PAGE;
      },
    }),
    defineRoute({
      id: "getReferenceFile",
      method: "get",
      path: "/api/docs/{file}",
      summary: "A file of that page",
      access: { public: reason },
      params: z.object({ file: z.string() }),
      response: { raw: "text/javascript" },
      handler: async ({ ctx, params }) => {
        const file = Object.hasOwn(FILES, params.file) ? FILES[params.file] : undefined;
        if (!file) throw notFound();
        ctx.type = file.type;
        ctx.set("Cache-Control", "public, max-age=86400");
        ctx.body = await file.read();
      },
    }),
  ];
  const document = openApiDocument([...others, ...routes]);
  return routes;
}
