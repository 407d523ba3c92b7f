/**
 * Makes a process take the laboratory for WhatsApp: `node --import <this file>`.
 * The root key of the servers' certificates is a constant of the library, and this replaces it.
 * With WA_SIM_MEDIA_PORT, connections to `*.whatsapp.net:443` go to that port on loopback; the
 * media server's own certificate is trusted through NODE_EXTRA_CA_CERTS.
 */
import { WA_CERT_DETAILS } from "@whiskeysockets/baileys";
import { redirectMedia } from "./media/redirect.ts";
import { root_key } from "./transport/certificate.ts";

WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root_key.public);
const { WA_SIM_MEDIA_PORT } = process.env;
if (WA_SIM_MEDIA_PORT) redirectMedia(Number(WA_SIM_MEDIA_PORT));
