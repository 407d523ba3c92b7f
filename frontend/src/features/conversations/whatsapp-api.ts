import type {
  Message,
  WhatsappSend,
  WhatsappStatus,
  WhatsappTemplate,
} from "@agentlocator/contract";
import { client } from "../../api/generated/client.gen.ts";

export const sendWhatsapp = (body: WhatsappSend) =>
  client.post<{ 200: { ok: true; message: Message } }>({
    url: "/api/whatsapp/send",
    body,
    headers: { "Content-Type": "application/json" },
  });

export const retryMessage = (id: number) =>
  client.post<{ 200: Message }>({ url: `/api/messages/${id}/retry` });

export const discardMessage = (id: number) =>
  client.post<{ 200: Message }>({ url: `/api/messages/${id}/discard` });

export const listTemplates = (signal: AbortSignal) =>
  client.get<{ 200: { items: WhatsappTemplate[] } }>({ url: "/api/whatsapp/templates", signal });

export const whatsappStatus = (signal: AbortSignal) =>
  client.get<{ 200: WhatsappStatus }>({ url: "/api/whatsapp/status", signal });
