import type { proto } from "@whiskeysockets/baileys";

/** The poll that a message makes. */
export function pollIn(message: proto.IMessage): proto.Message.IPollCreationMessage | null {
  return (
    message.pollCreationMessage ??
    message.pollCreationMessageV2 ??
    message.pollCreationMessageV3 ??
    message.pollCreationMessageV5 ??
    null
  );
}

/** A poll as a text: the question, and a line for each option. */
export function pollText({ name, options }: proto.Message.IPollCreationMessage): string {
  const lines = (options ?? []).map(({ optionName }) => `• ${optionName ?? ""}`);
  return [`📊 ${name ?? ""}`, ...lines].join("\n");
}
