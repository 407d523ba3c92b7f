import { z } from "zod";
import { defineTool } from "../tool.ts";

export const endCall = defineTool({
  name: "end_call",
  description: "Hangs up. Only when the matter is settled and you have both said goodbye.",
  channels: ["call"],
  input: z.object({}),
  run: async () => ({ output: { ok: true }, effect: "end_call" }),
});
