import type { RealtimeServerEvent, RealtimeResponse } from "openai/resources/realtime/realtime";
import type { ModelListener, ResponseStatus } from "./realtime-model.ts";

type Relay = (event: RealtimeServerEvent, listener: ModelListener) => void;

const statuses: readonly string[] = ["completed", "cancelled", "failed", "incomplete"];

/** Translates a session's events to the listener; remembers only which tool calls were told. */
export function relayEvent(): Relay {
  const told = new Set<string>();
  return (event, listener) => {
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        return listener.speechStarted();
      case "input_audio_buffer.speech_stopped":
        return listener.speechStopped();
      case "input_audio_buffer.committed":
        return listener.committed(event.item_id, event.previous_item_id ?? null);
      case "conversation.item.added":
        if (!event.item.id) return;
        return listener.placed(event.item.id, event.previous_item_id ?? null);
      case "conversation.item.input_audio_transcription.completed":
        return listener.callerText(event.item_id, event.transcript ?? "");
      case "conversation.item.input_audio_transcription.failed":
        return listener.callerTextFailed(event.item_id);
      case "response.created":
        return listener.responseStarted(event.response.id ?? "");
      case "response.output_item.added":
        if (event.item.type !== "message" || !event.item.id) return;
        return listener.agentItem(event.item.id, event.response_id);
      case "response.output_audio.done":
        return listener.audioDone(event.item_id);
      case "response.output_audio_transcript.delta":
        return listener.agentText(event.item_id, event.delta, false);
      case "response.output_audio_transcript.done":
        return listener.agentText(event.item_id, event.transcript, true);
      case "response.output_item.done":
        return tellToolCall(event.item, event.response_id, told, listener);
      case "response.done":
        for (const item of event.response.output ?? []) {
          tellToolCall(item, event.response.id ?? "", told, listener);
        }
        return tellDone(event.response, listener);
      default:
    }
  };
}

function tellToolCall(
  item: NonNullable<RealtimeResponse["output"]>[number],
  response_id: string,
  told: Set<string>,
  listener: ModelListener,
): void {
  if (item.type !== "function_call" || item.status === "incomplete") return;
  const tool_call_id = item.call_id ?? item.id;
  if (!tool_call_id || told.has(tool_call_id)) return;
  told.add(tool_call_id);
  listener.toolCall({
    response_id,
    item_id: item.id ?? tool_call_id,
    tool_call_id,
    name: item.name,
    arguments: item.arguments,
  });
}

function tellDone(response: RealtimeResponse, listener: ModelListener): void {
  const { status, status_details: details } = response;
  const known = status !== undefined && statuses.includes(status) ? status : "completed";
  const detail = details?.error?.code ?? details?.reason ?? "";
  listener.responseDone(response.id ?? "", known as ResponseStatus, detail);
}
