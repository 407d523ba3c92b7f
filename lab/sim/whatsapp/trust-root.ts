/**
 * Makes a client trust the simulated servers: the certificates' root key is a constant of the
 * library, and this replaces it. For a process of its own: `node --import <this file>`.
 */
import { WA_CERT_DETAILS } from "@whiskeysockets/baileys";
import { root_key } from "./transport/certificate.ts";

WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root_key.public);
