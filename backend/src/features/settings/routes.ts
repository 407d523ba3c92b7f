import { Settings, SettingsPatch } from "@agentlocator/contract";
import { defineRoute } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { changeSettings } from "./change-settings.ts";
import { loadSettings } from "./store.ts";

/** How the business's agent speaks and when it has time. */
export function settingsRoutes(): Route[] {
  return [
    defineRoute({
      id: "getSettings",
      method: "get",
      path: "/api/settings",
      summary: "The business's settings",
      access: { business: "settings.read" },
      response: Settings,
      handler: ({ tx }) => loadSettings(tx),
    }),
    defineRoute({
      id: "updateSettings",
      method: "patch",
      path: "/api/settings",
      summary: "Change the business's settings",
      access: { business: "settings.write" },
      body: SettingsPatch,
      response: Settings,
      handler: ({ tx, body, session }) => changeSettings(tx, session, body),
    }),
  ];
}
