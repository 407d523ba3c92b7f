import { VueQueryPlugin } from "@tanstack/vue-query";
import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { queryClient } from "./api/query-client.ts";
import { i18n } from "./i18n/index.ts";
import { router } from "./router.ts";
import { vuetify } from "./ui/vuetify.ts";
import "@fontsource/heebo/hebrew-400.css";
import "@fontsource/heebo/hebrew-500.css";
import "@fontsource/heebo/hebrew-700.css";
import "@fontsource/heebo/latin-400.css";
import "@fontsource/heebo/latin-500.css";
import "@fontsource/heebo/latin-700.css";
import "vuetify/lib/styles/core.css";
import "vuetify/lib/styles/utilities.css";
import "./ui/base.css";

createApp(App)
  .use(createPinia())
  .use(i18n)
  .use(vuetify)
  .use(VueQueryPlugin, { queryClient })
  .use(router)
  .mount("#app");
