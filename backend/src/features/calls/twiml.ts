import twilio from "twilio";

const { VoiceResponse } = twilio.twiml;

/** Within this time a redirect by REST, tried again every few seconds, has come through. */
const REDIRECT_SECONDS = 5;

/** TwiML that the product answers with; `base` is `PUBLIC_BASE_URL`, without a trailing slash. */
export function createTwiml(base: string) {
  const record = (response: InstanceType<typeof VoiceResponse>) => {
    response.play(`${base}/static/tts/fallback_he.mp3`);
    response.record({
      playBeep: false,
      timeout: 4,
      maxLength: 30,
      transcribe: false,
      action: `${base}/webhook/handle_recording`,
    });
    return response;
  };
  const media = `${base.replace(/^http/, "ws")}/ws/twilio-media`;

  return {
    /**
     * Connects the call to the agent. Twilio goes on to `action` once the stream is closed.
     * @param play address of a greeting that Twilio plays first, in `greeting_mode: "play"`
     */
    stream(call_sid: string, token: string, play: string | null): string {
      const response = new VoiceResponse();
      if (play) response.play(play);
      const connect = response.connect({ action: `${base}/webhook/stream_ended` });
      const stream = connect.stream({
        url: media,
        statusCallback: `${base}/webhook/stream_status`,
      });
      stream.parameter({ name: "call_sid", value: call_sid });
      stream.parameter({ name: "token", value: token });
      return response.toString();
    },

    /** Asks the caller for a message; only recorded audio, never a synthesised Hebrew `<Say>`. */
    recordFallback: () => record(new VoiceResponse()).toString(),

    /** The same when Twilio is being told so by REST, in case that fails. */
    recordFallbackLater(): string {
      const response = new VoiceResponse();
      response.pause({ length: REDIRECT_SECONDS });
      return record(response).toString();
    },

    /** Connects the caller to a person; `stream_ended` is asked again when nobody answers. */
    dial(number: string): string {
      const response = new VoiceResponse();
      const action = `${base}/webhook/stream_ended`;
      response.dial({ answerOnBridge: true, timeout: 25, action }, number);
      return response.toString();
    },

    hangUp(): string {
      const response = new VoiceResponse();
      response.hangup();
      return response.toString();
    },

    /** For a number that no business has: the caller hears that it is not in service. */
    reject(): string {
      const response = new VoiceResponse();
      response.reject({ reason: "rejected" });
      return response.toString();
    },
  };
}

export type Twiml = ReturnType<typeof createTwiml>;
