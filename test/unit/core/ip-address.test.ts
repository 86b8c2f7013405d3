import { describe, expect, test } from "bun:test";
import {
  embeddedIpv4,
  formatIpAddress,
  type IpAddress,
  isInNetwork,
  isLoopback,
  parseIpAddress,
  parseIpNetwork,
  providerKey,
  senderKey,
  siteKey,
} from "../../../src/core/ip-address.ts";

function read(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

function isIn(address: string, network: string): boolean {
  const parsed = parseIpNetwork(network);
  if (parsed === undefined) throw new Error(`${network} is no network`);
  return isInNetwork(read(address), parsed);
}

describe("an address", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["fe80::1%eth0", "fe80::1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
  ])("%s is written %s", (text, written) => {
    expect(formatIpAddress(read(text))).toBe(written);
    expect(formatIpAddress(read(written))).toBe(written);
  });

  test.each([
    "",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.01",
    "0x7f.1",
    "2130706433",
    "::1::",
    "1:2:3",
    "[::1]",
    "nas",
    " ::1",
  ])("%p is none", (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });
});

describe("a network", () => {
  test.each([
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["::ffff:10.1.2.3", "10.0.0.0/8", true],
    ["10.1.2.3", "::ffff:10.0.0.0/104", true],
    ["11.1.2.3", "::ffff:10.0.0.0/104", false],
    ["192.168.1.7", "192.168.1.7", true],
    ["192.168.1.8", "192.168.1.7", false],
    ["192.168.1.8", "192.168.1.9/30", true],
    ["255.255.255.255", "0.0.0.0/0", true],
    ["::1", "0.0.0.0/0", false],
    ["fdff::1", "fd00::/8", true],
    ["fe80::1", "fd00::/8", false],
    ["2001:db8::ffff", "2001:db8::/112", true],
    ["2001:db8::1:0", "2001:db8::/112", false],
    ["10.0.0.1", "::/0", false],
  ])("%s in %s: %p", (address, network, expected) => {
    expect(isIn(address, network)).toBe(expected);
  });

  test.each([
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "::/129",
    "::ffff:10.0.0.0/8",
    "fe80::1%a/64",
    "/8",
  ])("%p is none", (text) => {
    expect(parseIpNetwork(text)).toBeUndefined();
  });
});

test("this machine is 127.0.0.0/8 and ::1, however they are written, and nothing else", () => {
  const local = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"];
  const others = ["128.0.0.1", "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0", "::"];
  expect(local.filter((text) => !isLoopback(read(text)))).toEqual([]);
  expect(others.filter((text) => isLoopback(read(text)))).toEqual([]);
});

test("all addresses of one /64 count as one sender, those of IPv4 each as its own", () => {
  const key = (text: string): string => senderKey(read(text));
  expect(key("2001:db8:0:1::1")).toBe(key("2001:db8:0:1:ffff:ffff:ffff:ffff"));
  expect(key("2001:db8:0:1::1")).not.toBe(key("2001:db8:0:2::1"));
  expect(key("192.0.2.1")).not.toBe(key("192.0.2.2"));
  expect(key("192.0.2.1")).toBe(key("::ffff:192.0.2.1"));
  // The 64 bits of this one are the same number.
  expect(key("::c000:201:0:0:0:0")).not.toBe(key("192.0.2.1"));
});

test.each([
  ["/48 are one site", siteKey, "2001:db8:0:1::1", "2001:db8:0:ffff::1", "2001:db8:1::1"],
  ["/32 are one provider's", providerKey, "2001:db8:1::1", "2001:db8:ffff::1", "2001:db9::1"],
] as const)("all networks of one %s, and each address of IPv4 is one", (_what, keyOf, first, second, other) => {
  const key = (text: string): string => keyOf(read(text));
  expect(key(first)).toBe(key(second));
  expect(key(first)).not.toBe(key(other));
  expect(key("192.0.2.1")).not.toBe(key("192.0.2.2"));
});

describe("the IPv4 addresses within an IPv6 address", () => {
  test.each([
    ["::192.0.2.1", ["192.0.2.1"]],
    ["::ffff:0:192.0.2.1", ["192.0.2.1"]],
    ["64:ff9b::192.0.2.1", ["192.0.2.1"]],
    ["64:ff9b:1:2:3:4:192.0.2.1", ["192.0.2.1"]],
    ["2002:c000:201::1", ["192.0.2.1"]],
    ["2001:0:c000:201:0:0:39ff:fdf4", ["192.0.2.1", "198.0.2.11"]],
    ["fe80::5efe:192.0.2.1", ["192.0.2.1"]],
    ["2a00::200:5efe:192.0.2.1", ["192.0.2.1"]],
    ["2a00:1:2:3:4:5:c000:201", []],
    ["::", []],
    ["::1", []],
    ["192.0.2.1", []],
    ["::ffff:192.0.2.1", []],
  ])("%s: %j", (text, within) => {
    expect(embeddedIpv4(read(text)).map((each) => formatIpAddress(each))).toEqual(within);
  });
});
