import { createClient } from "@hey-api/openapi-ts";
import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import vuetify from "vite-plugin-vuetify";
import client from "./openapi-ts.config.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const backend = process.env["BACKEND_URL"] ?? "http://127.0.0.1:8080";

/** Makes the API client from the backend's OpenAPI document, so that the two can't drift apart. */
function apiClient(): Plugin {
  return {
    name: "api-client",
    async buildStart() {
      await createClient({ ...client, input: here("../backend/openapi.json") });
    },
  };
}

export default defineConfig({
  root: here("."),
  plugins: [apiClient(), vue(), vuetify({ autoImport: true })],
  define: {
    __VUE_I18N_FULL_INSTALL__: true,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  // The polyfill would only serve browsers without module preload.
  build: { target: "baseline-widely-available", modulePreload: { polyfill: false } },
  server: { proxy: { "/api": backend, "/version": backend, "/static": backend } },
});
