import type { UserConfig } from "@hey-api/openapi-ts";

/** The API client is made from the backend's OpenAPI document before each build and type check. */
const config: UserConfig = {
  input: "../backend/openapi.json",
  output: { path: "src/api/generated" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "silent", file: false },
};

export default config;
