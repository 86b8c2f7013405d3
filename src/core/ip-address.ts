// IP addresses and networks: read from text and compared as numbers. IPv4 within IPv6 (`::ffff:192.0.2.1`) is IPv4.

import { isIPv4, isIPv6 } from "node:net";

export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface IpNetwork extends IpAddress {
  /** So many of the first bits are those of every address in it. */
  readonly prefix: number;
}

const mappedPrefix = 0xffffn;
const mappedBits = 96;

/** Undefined where the text is no address. A zone (`fe80::1%eth0`) does not count. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const [plain = ""] = text.split("%", 1);
  if (isIPv4(plain)) return { bits: 32, value: readIpv4(plain) };
  if (!isIPv6(plain)) return undefined;
  const value = readIpv6(plain);
  return value >> 32n === mappedPrefix ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Undefined where the text is neither. */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const [name = "", length, ...more] = text.split("/");
  const address = parseIpAddress(name);
  if (address === undefined || name.includes("%") || more.length > 0) return undefined;
  if (length === undefined) return { ...address, prefix: address.bits };
  if (!/^\d{1,3}$/.test(length)) return undefined;
  // The length of ::ffff:10.0.0.0/104 counts from the beginning of the IPv6 address.
  const prefix = Number(length) - (address.bits === 32 && name.includes(":") ? mappedBits : 0);
  return prefix >= 0 && prefix <= address.bits ? { ...address, prefix } : undefined;
}

export function isInNetwork(address: IpAddress, network: IpNetwork): boolean {
  if (address.bits !== network.bits) return false;
  const free = BigInt(network.bits - network.prefix);
  return address.value >> free === network.value >> free;
}

/** Where an IPv6 address of this network holds an IPv4 address: so many bits from its end, as they are or inverted. */
interface Embedding {
  readonly network: IpNetwork;
  readonly shift: bigint;
  readonly inverted?: true;
}

const embeddings: readonly Embedding[] = [
  // IPv4-compatible, RFC 4291 §2.5.5.1. IPv4-mapped ones are read as IPv4 to begin with.
  { network: networkOf("::/96"), shift: 0n },
  // IPv4-translated, RFC 2765 §2.1.
  { network: networkOf("::ffff:0:0:0/96"), shift: 0n },
  // NAT64, RFC 6052 §2.1, and its prefix for local use, RFC 8215.
  { network: networkOf("64:ff9b::/96"), shift: 0n },
  { network: networkOf("64:ff9b:1::/48"), shift: 0n },
  // 6to4, RFC 3056 §2.
  { network: networkOf("2002::/16"), shift: 80n },
  // Teredo: its server, and the client's address with every bit turned, RFC 4380 §4.
  { network: networkOf("2001::/32"), shift: 64n },
  { network: networkOf("2001::/32"), shift: 0n, inverted: true },
];

/** The second half of an ISATAP address begins so, before an IPv4 address: RFC 5214 §6.1, local and global. */
const isatap = new Set([0x0000_5efen, 0x0200_5efen]);

/** IPv4 addresses that packets to this IPv6 address may be carried to. `::` and `::1` hold none. */
export function embeddedIpv4({ bits, value }: IpAddress): readonly IpAddress[] {
  if (bits === 32 || value <= 1n) return [];
  const found = embeddings
    .filter(({ network }) => isInNetwork({ bits, value }, network))
    .map(({ shift, inverted }) => (value >> shift) ^ (inverted === true ? 0xffff_ffffn : 0n));
  if (isatap.has((value >> 32n) & 0xffff_ffffn)) found.push(value);
  return found.map((each) => ({ bits: 32, value: each & 0xffff_ffffn }));
}

/** @throws {TypeError} where the text is none: for texts of the source. */
export function networkOf(text: string): IpNetwork {
  const network = parseIpNetwork(text);
  if (network === undefined) throw new TypeError(`${text} is no network`);
  return network;
}

const loopback = [networkOf("127.0.0.0/8"), networkOf("::1")];

/** The sender is on this machine. */
export function isLoopback(address: IpAddress): boolean {
  return loopback.some((network) => isInNetwork(address, network));
}

/** The same for addresses that one sender may choose from: of IPv6 that is a network of 64 bits (RFC 6177). */
export function senderKey(address: IpAddress): string {
  return address.bits === 32 ? `4:${address.value.toString(16)}` : networkKey(address, 64n);
}

/** The same for all networks of one site, each of which it may choose from: a /48 at most (RFC 6177). */
export function siteKey(address: IpAddress): string {
  return address.bits === 32 ? senderKey(address) : networkKey(address, 48n);
}

/** The same for all sites of one provider, who is given a /32 by its registry, or more (RIPE-738 §5.1.2). */
export function providerKey(address: IpAddress): string {
  return address.bits === 32 ? senderKey(address) : networkKey(address, 32n);
}

function networkKey({ value }: IpAddress, prefix: bigint): string {
  return `6/${prefix}:${(value >> (128n - prefix)).toString(16)}`;
}

/** As it is usually written (RFC 5952). */
export function formatIpAddress({ bits, value }: IpAddress): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const text = groups.join(":");
  const [longest = ""] = (text.match(/\b0(?::0)+\b/g) ?? []).toSorted((a, b) => b.length - a.length);
  return longest === "" ? text : text.replace(new RegExp(`:?\\b${longest}\\b:?`), "::");
}

function readIpv4(text: string): bigint {
  return text.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

/** The text is known to be an address. */
function readIpv6(text: string): bigint {
  const [before = "", after] = text.split("::");
  const first = groupsOf(before);
  const last = after === undefined ? [] : groupsOf(after);
  const between = Array<bigint>(8 - first.length - last.length).fill(0n);
  return [...first, ...between, ...last].reduce((value, group) => (value << 16n) | group, 0n);
}

function groupsOf(text: string): readonly bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const value = readIpv4(group);
    return [value >> 16n, value & 0xffffn];
  });
}
