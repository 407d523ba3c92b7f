/**
 * The yardstick: the least that connects a media stream with a speech model. Everything is parsed
 * and passed on as it comes; nothing is paced, listened to, stored or checked.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";

const { MODEL_URL = "", MODEL_KEY = "" } = process.env;
const pcmu = { type: "audio/pcmu" };
const session = {
  type: "realtime",
  output_modalities: ["audio"],
  instructions: "You answer the telephone.",
  audio: {
    input: { format: pcmu, turn_detection: { type: "server_vad", create_response: true } },
    output: { format: pcmu, voice: "marin" },
  },
};

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
server.on("connection", (caller) => {
  let streamSid = "";
  let ready = false;
  const early: string[] = [];
  const headers = { Authorization: `Bearer ${MODEL_KEY}` };
  const model = new WebSocket(MODEL_URL, { headers });
  model.on("error", () => caller.close());
  model.on("close", () => caller.close());
  model.on("open", () => model.send(JSON.stringify({ type: "session.update", session })));

  caller.on("close", () => model.close());
  caller.on("message", (data) => {
    const message = JSON.parse(data.toString());
    if (message.event === "start") streamSid = message.streamSid;
    else if (message.event === "media") {
      const { payload } = message.media;
      const append = JSON.stringify({ type: "input_audio_buffer.append", audio: payload });
      if (ready) model.send(append);
      else early.push(append);
    } else if (message.event === "stop") model.close();
  });

  model.on("message", (data) => {
    const event = JSON.parse(data.toString());
    if (event.type === "response.output_audio.delta") {
      const media = { payload: event.delta };
      caller.send(JSON.stringify({ event: "media", streamSid, media }));
    } else if (event.type === "input_audio_buffer.speech_started") {
      caller.send(JSON.stringify({ event: "clear", streamSid }));
    } else if (event.type === "session.updated") {
      ready = true;
      for (const append of early.splice(0)) model.send(append);
      model.send(JSON.stringify({ type: "response.create" }));
    }
  });
});

await once(server, "listening");
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true, port: (server.address() as AddressInfo).port });
