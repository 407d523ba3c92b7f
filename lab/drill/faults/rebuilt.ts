import type { Stack } from "../stack.ts";

/** Images of another version are built and take the place of those that run. */
export const rebuilt = {
  name: "rebuilt",
  title: "images rebuilt: compose up with new ones",
  async run(stack: Stack): Promise<void> {
    stack.appliance.env["VERSION"] = "drilled";
    await stack.compose("build", "backend", "baileys", "nginx");
    await stack.compose("up", "--detach", "--wait", "backend", "baileys", "nginx");
  },
};
