import ipaddr from "ipaddr.js";

/**
 * Whom an address is counted as: itself, or in IPv6 its /64, since that is what one customer of a
 * provider has, and with it 2^64 addresses to try passwords from.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}
