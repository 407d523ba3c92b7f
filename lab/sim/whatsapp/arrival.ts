import type { Socket } from "node:net";
import type { proto } from "@whiskeysockets/baileys";
import type { WebSocket } from "ws";
import type { Companion } from "./companion.ts";
import { faultOf, type ConnectionFault, type LoginFault } from "./faults.ts";
import { seconds, type Network } from "./network.ts";
import type { Candidate, Pairing } from "./pairing.ts";
import type { Phone } from "./phone.ts";
import { registrationOf } from "./registration.ts";
import { handleStanza } from "./session.ts";
import { Malformed, stanza, type Stanza } from "./stanza.ts";
import { Connection } from "./transport/connection.ts";
import type { ServerIdentity } from "./transport/noise.ts";

export interface ArrivalOptions {
  pairing: Pairing;
  qr_refs: number;
  trusts_unknown_devices: boolean;
  faults: readonly ConnectionFault[];
  phones: ReadonlyMap<string, Phone>;
}

/** A client that connected: first nobody, then a candidate for pairing or a linked device. */
export class Arrival {
  #network: Network;
  #options: ArrivalOptions;
  #companion: Companion | null = null;
  #candidate: Candidate | null = null;
  #faults: readonly (ConnectionFault | LoginFault)[];
  #number = "";

  constructor(network: Network, options: ArrivalOptions) {
    this.#network = network;
    this.#options = options;
    this.#faults = options.faults;
  }

  take(ws: WebSocket, socket: Socket, identity: ServerIdentity): void {
    const connection: Connection = new Connection(ws, socket, identity, {
      onHello: ({ noise_key, payload }) => this.#hello(connection, noise_key, payload),
      onStanza: (node) => this.#stanza(node),
      onViolation: (reason) => this.#network.violation(this.#number, reason),
      onClose: () => {
        if (this.#candidate) this.#options.pairing.withdraw(this.#candidate);
        this.#companion?.detach(connection);
      },
    });
  }

  #hello(connection: Connection, noise_key: Buffer, payload: proto.IClientPayload): void {
    if (payload.devicePairingData) {
      const registration = registrationOf(noise_key, payload);
      if (this.#refused(connection)) return;
      const { pairing, qr_refs } = this.#options;
      this.#candidate = pairing.offer(connection, registration, qr_refs);
      return;
    }
    const phone = this.#options.phones.get(String(payload.username));
    this.#number = phone?.number ?? "";
    if (phone) this.#faults = [...this.#faults, ...phone.logins.take()];
    if (this.#refused(connection)) return;
    const device = payload.device ?? 0;
    if (phone && device > 0 && this.#options.trusts_unknown_devices) {
      phone.recall(device, noise_key);
    }
    const companion = phone?.companions.get(device);
    if (!phone || !companion?.noise_key.equals(noise_key)) {
      return connection.end(stanza("failure", { reason: "401", location: "lab" }));
    }
    const conflict = stanza("conflict", { type: "replaced" });
    companion.connection?.end(stanza("stream:error", {}, [conflict]));
    companion.attach(connection);
    this.#companion = companion;
    connection.muted = faultOf(this.#faults, "mute") !== undefined;
    if (faultOf(this.#faults, "no_success")) return;
    const success = { t: seconds(), props: "27", location: "lab", display_name: phone.name };
    connection.send(stanza("success", { ...success, lid: companion.lid }));
  }

  #refused(connection: Connection): boolean {
    const failure = faultOf(this.#faults, "failure");
    if (failure) connection.end(stanza("failure", { reason: String(failure.reason) }));
    const error = faultOf(this.#faults, "stream_error");
    if (error) connection.end(stanza("stream:error", { code: String(error.code) }));
    return Boolean(failure ?? error);
  }

  async #stanza(node: Stanza): Promise<void> {
    try {
      if (this.#candidate) return this.#options.pairing.handle(this.#candidate, node);
      if (!this.#companion) return;
      const { xmlns } = node.attrs;
      const asks = node.tag === "iq" && (xmlns === "encrypt" || xmlns === "passive");
      if (asks && faultOf(this.#faults, "hanging_queries")) return;
      await handleStanza(this.#network, this.#companion, node);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#network.violation(this.#number, error.message, node);
    }
  }
}
