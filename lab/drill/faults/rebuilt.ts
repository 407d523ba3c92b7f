import type { Stack } from "../stack.ts";

/** Images of another version are built and take the place of those that run. */
export const rebuilt = {
  name: "rebuilt",
  title: "images rebuilt: compose up with new ones",
  async run(stack: Stack): Promise<void> {
    const { env } = stack.appliance;
    env["VERSION"] = `${env["VERSION"] ?? "drill"}-again`;
    await stack.compose("build", "backend", "baileys", "nginx");
    await stack.compose("up", "--detach", "--wait", "backend", "baileys", "nginx");
  },
};
