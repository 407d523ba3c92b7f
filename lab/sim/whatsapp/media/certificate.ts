import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

export interface Issued {
  /** PEM. */
  key: string;
  certificate: string;
}

interface Issuer {
  name: string;
  key: KeyObject;
}

/** A throw-away certificate authority, and a server's certificate that it issued. */
export function throwAwayAuthority(hosts: readonly string[]): { ca: Issued; server: Issued } {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = { name: "AgentLocator laboratory", key: pair.privateKey };
  const ca = issue(issuer.name, pair, issuer, [
    extension("551d13", true, sequence(der(0x01, Buffer.from([0xff])))),
    extension("551d0f", true, der(0x03, Buffer.from([0x02, 0x04]))),
  ]);
  const names = hosts.map((host) => der(0x82, Buffer.from(host)));
  const server = issue("server", generateKeyPairSync("ec", { namedCurve: "P-256" }), issuer, [
    extension("551d11", false, sequence(...names)),
    extension("551d25", false, sequence(oid("2b06010505070301"))),
  ]);
  return { ca, server };
}

/** A server's certificate that nobody but itself has signed, for a time of its own; ms. */
export function serverCertificate(host: string, time: { from: number; to: number }): Issued {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = sequence(der(0x82, Buffer.from(host)));
  const issuer = { name: host, key: pair.privateKey };
  return issue(host, pair, issuer, [extension("551d11", false, names)], time);
}

function issue(
  subject: string,
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  issuer: Issuer,
  extensions: Buffer[],
  { from, to } = { from: Date.now() - 86_400_000, to: Date.now() + 30 * 86_400_000 },
): Issued {
  const ecdsa_with_sha256 = sequence(oid("2a8648ce3d040302"));
  const serial = randomBytes(8);
  serial[0]! &= 0x7f;
  serial[7]! |= 1;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), serial])),
    ecdsa_with_sha256,
    distinguishedName(issuer.name),
    sequence(time(from), time(to)),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, issuer.key));
  const base64 = sequence(body, ecdsa_with_sha256, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g)!.join("\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** A DER value: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function distinguishedName(common_name: string): Buffer {
  const name = sequence(oid("550403"), der(0x0c, Buffer.from(common_name)));
  return sequence(der(0x31, name));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

/** UTCTime, which ends in 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}
