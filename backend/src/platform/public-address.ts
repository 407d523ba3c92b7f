import { lookup as systemLookup } from "node:dns/promises";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Every address of a name, as the system's resolver gives them. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true });

// The only part of IPv6 that is handed out for the public network. Everything that carries an
// IPv4 address inside (mapped, NAT64, 6to4, Teredo) is outside of it or a range of its own.
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** True only for an address of the public network: what is not known to be public is refused. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}

/** A name resolved to an address that is not public. */
export class PrivateAddressError extends Error {
  override name = "PrivateAddressError";
}

/**
 * The lookup of a socket that connects to public addresses only. The check sits inside the
 * connection itself, so there is no second lookup in which the name could answer differently.
 * One address that is not public refuses the whole name.
 */
export function publicOnlyLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    const answer = async (): Promise<LookupAddress[]> => {
      const addresses = await resolve(hostname);
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address))) {
        throw new PrivateAddressError(`${hostname} is not a public host`);
      }
      return addresses;
    };
    answer().then(
      (addresses) => {
        if (options.all) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}
