import { lookup } from "node:dns";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";

/** The code of the error with which a name that leads to a private network is refused. */
export const NOT_PUBLIC = "ENOTPUBLIC";

/** Resolves as the system does and refuses a name that leads to a private network. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, []);
    if (addresses.length === 0 || !addresses.every(({ address }) => isPublic(address))) {
      return done(Object.assign(new Error("not a public address"), { code: NOT_PUBLIC }), []);
    }
    const [first] = addresses;
    return options.all ? done(null, addresses) : done(null, first!.address, first!.family);
  });
};

const PRIVATE_4 = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE_4.addSubnet(network, prefix, "ipv4");
}
const PUBLIC_6 = new BlockList();
PUBLIC_6.addSubnet("2000::", 3, "ipv6");
const SPECIAL_6 = new BlockList();
// Documentation, Teredo and the like, and 6to4, which can carry a private address.
SPECIAL_6.addSubnet("2001:db8::", 32, "ipv6");
SPECIAL_6.addSubnet("2001::", 23, "ipv6");
SPECIAL_6.addSubnet("2002::", 16, "ipv6");

/** IPv6 is public only in the global unicast range; that leaves out mapped IPv4 as well. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !PRIVATE_4.check(address, "ipv4");
  return PUBLIC_6.check(address, "ipv6") && !SPECIAL_6.check(address, "ipv6");
}
