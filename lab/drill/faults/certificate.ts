import { X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { serverCertificate } from "../../sim/whatsapp/media/certificate.ts";
import type { Stack } from "../stack.ts";

const DAY_MS = 86_400_000;
/** nginx looks for another one twice a minute. */
const TAKEN_MS = 60_000;
const FOLDER = "/disks/certificates/letsencrypt/live/agentlocator";
const PUT = `mkdir -p ${FOLDER} && cd ${FOLDER} && cat >both.pem &&
  sed '/END PRIVATE/q' both.pem >privkey.pem && sed '1,/END PRIVATE/d' both.pem >fullchain.pem &&
  rm both.pem && chown -R 101:101 /disks/certificates/letsencrypt`;

/** A certificate of the public name's that ended yesterday, and then one that was renewed. */
export const certificate = {
  name: "certificate",
  title: "certificate expired, then renewed",
  async run(stack: Stack): Promise<readonly string[]> {
    const now = Date.now();
    await put(stack, { from: now - 90 * DAY_MS, to: now - DAY_MS });
    await served(stack, (to) => to < now);
    const { code, stdout } = await stack.appliance.run("scripts/doctor");
    await put(stack, { from: now - DAY_MS, to: now + 89 * DAY_MS });
    await served(stack, (to) => to > now);
    const told = code !== 0 && /^WRONG +certificate: .*(ended|expired)/m.test(stdout);
    return told ? [] : ["scripts/doctor does not say that the certificate is expired"];
  },
};

async function put(stack: Stack, time: { from: number; to: number }): Promise<void> {
  const { key, certificate } = serverCertificate("localhost", time);
  const pem = Buffer.from(key + certificate).toString("base64");
  const script = `echo ${pem} | base64 -d | (${PUT})`;
  await stack.compose("exec", "-T", "disks", "sh", "-c", script);
}

async function served(stack: Stack, fits: (valid_to: number) => boolean): Promise<void> {
  const until = Date.now() + TAKEN_MS;
  for (;;) {
    const valid_to = await validTo(stack.appliance.https_port).catch(() => null);
    if (valid_to !== null && fits(valid_to)) return;
    if (Date.now() > until) throw new Error("nginx does not take the certificate");
    await sleep(500);
  }
}

function validTo(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(Date.parse(new X509Certificate(raw).validTo));
    });
    socket.once("error", reject);
  });
}
