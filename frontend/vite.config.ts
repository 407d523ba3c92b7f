import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import vuetify from "vite-plugin-vuetify";

const backend = process.env["BACKEND_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [vue(), vuetify({ autoImport: true })],
  define: {
    __VUE_I18N_FULL_INSTALL__: true,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  // The polyfill would only serve browsers without module preload.
  build: { target: "baseline-widely-available", modulePreload: { polyfill: false } },
  server: { proxy: { "/api": backend, "/version": backend, "/static": backend } },
});
