import { stanza, type Stanza } from "../stanza.ts";

export class MediaHost {
  connection(): Stanza {
    return stanza("media_conn", { auth: "lab", ttl: "300" }, [
      stanza("host", { hostname: "mmg.whatsapp.net", maxContentLengthBytes: "100000000" }),
    ]);
  }
}
