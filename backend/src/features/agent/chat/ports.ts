import type { Message, Thread } from "@agentlocator/contract";
import type { BusinessTx, Database } from "../../../db/database.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Logger } from "../../../platform/log.ts";
import type { Transcribe } from "../../../platform/transcriber.ts";
import type { AskModel } from "./model.ts";

/** A file that came with a message; neither stored nor an error: still on its way. */
export interface ChatFile {
  message_id: number;
  storage_path: string | null;
  content_type: string | null;
  /** Bytes. */
  size: number | null;
  file_name: string | null;
  error: string | null;
  created_at: string;
}

/** The chat's way to WhatsApp, given to it by the composition root. */
export interface ChatPorts {
  /** Stores a message to be sent, in the thread's order. The same key again is the same message. */
  queueMessage(
    tx: BusinessTx,
    message: {
      thread_id: number;
      author: "agent";
      text: string;
      idempotency_key: string;
    },
  ): Promise<Message>;
  /** Shows the customer that somebody is writing; WhatsApp lets it go out by itself after a while. */
  typing(
    business_id: number,
    thread: Pick<Thread, "id" | "provider" | "peer_number">,
  ): Promise<void>;
  media: {
    ofMessages(tx: BusinessTx, message_ids: number[]): Promise<ChatFile[]>;
    /** @throws when the bytes are gone */
    read(storage_path: string): Promise<Buffer>;
  };
}

export interface ChatDeps extends ChatPorts {
  db: Database;
  log: Logger;
  clock: Clock;
  ask: AskModel;
  /** Null without a key. */
  transcribe: Transcribe | null;
}
