const benign_codes = new Set([
  "conversation_already_has_active_response",
  "response_cancel_not_active",
  "input_audio_buffer_commit_empty",
  "item_truncate_invalid_item_id",
  "item_delete_invalid_item_id",
]);

/** Our own requests that may come too late by nature, by the prefix of their event id. */
const late_requests = [
  "response.cancel#",
  "conversation.item.truncate#",
  "conversation.item.delete#",
  "input_audio_buffer.commit#",
];

/** Errors that only say that a request of ours crossed an event of the server's. */
export function isBenign(error: {
  code?: string | null;
  message: string;
  event_id?: string | null;
}): boolean {
  if (error.code && benign_codes.has(error.code)) return true;
  if (late_requests.some((prefix) => error.event_id?.startsWith(prefix))) return true;
  return /already shorter than|no active response|already has an active response/i.test(
    error.message,
  );
}
