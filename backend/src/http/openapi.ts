import { Problem } from "@agentlocator/contract";
import { OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import type { ResponseConfig } from "@asteasolutions/zod-to-openapi";
import type { Route } from "./route.ts";

/** The OpenAPI 3.1 document of the routes, the same every time for the same code. */
export function openApiDocument(routes: Route[]) {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "al_session",
  });
  for (const route of [...routes].toSorted((a, b) => a.path.localeCompare(b.path))) {
    registry.registerPath({
      method: route.method,
      path: route.path,
      operationId: route.id,
      summary: route.summary,
      tags: [route.path.split("/").slice(1, 3).join("/")],
      security: "public" in route.access ? [] : [{ session: [] }],
      request: {
        ...(route.params && { params: route.params }),
        ...(route.query && { query: route.query }),
        ...(route.body && {
          body: { required: true, content: { "application/json": { schema: route.body } } },
        }),
        ...(route.takes_file && { body: { required: true, content: FILE } }),
      },
      responses: { [route.status]: success(route), default: failure },
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: "AgentLocator", version: "1" },
  });
}

const FILE = {
  "application/octet-stream": { schema: { type: "string", format: "binary" } },
} as const;

const failure: ResponseConfig = {
  description: "What went wrong",
  content: { "application/problem+json": { schema: Problem } },
};

function success(route: Route): ResponseConfig {
  if (route.status === 204) return { description: "Done" };
  if ("raw" in route.response) {
    return {
      description: "Done",
      content: { [route.response.raw]: { schema: { type: "string" } } },
    };
  }
  return { description: "Done", content: { "application/json": { schema: route.response } } };
}
