import { openBrowser } from "./browser.ts";
const [out, height, ...files] = process.argv.slice(2);
const { context, close } = await openBrowser();
const page = await context.newPage();
await page.setViewportSize({ width: 3000, height: 1000 });
const { readFileSync } = await import("node:fs");
await page.setContent(
  `<body style="margin:0;background:#888;display:inline-flex;gap:10px">${files.map((f) => `<img height=${height} src="data:image/png;base64,${readFileSync(`/tmp/shots/${f}.png`).toString("base64")}">`).join("")}</body>`,
);
await page.waitForTimeout(300);
await page.locator("body").screenshot({ path: `/tmp/shots/${out}.png` });
await close();
