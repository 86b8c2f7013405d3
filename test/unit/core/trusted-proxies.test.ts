import { describe, expect, test } from "bun:test";
import { findSender, noProxies, parseTrustedProxies } from "../../../src/core/trusted-proxies.ts";

const trusted = parseTrustedProxies("127.0.0.1, 10.0.0.0/8 fd00::/8");

describe("the sender", () => {
  test.each([
    ["nobody is trusted", "127.0.0.1", "192.0.2.9", noProxies, "127.0.0.1"],
    ["who connects is not trusted", "192.0.2.1", "192.0.2.9", trusted, "192.0.2.1"],
    ["a proxy says who", "127.0.0.1", "192.0.2.9", trusted, "192.0.2.9"],
    ["a proxy by its address within IPv6", "::ffff:127.0.0.1", "192.0.2.9", trusted, "192.0.2.9"],
    ["what the sender made up is further left", "127.0.0.1", "10.0.0.9, 198.51.100.1, 192.0.2.9", trusted, "192.0.2.9"],
    ["one proxy behind another", "127.0.0.1", "198.51.100.1, 192.0.2.9, 10.0.0.7,fd00::2", trusted, "192.0.2.9"],
    ["all are proxies", "127.0.0.1", "10.0.0.9, 10.0.0.7", trusted, "10.0.0.9"],
    ["a proxy says nothing", "127.0.0.1", undefined, trusted, "127.0.0.1"],
    ["a proxy says what is no address", "127.0.0.1", "unknown", trusted, "unknown"],
    ["a proxy keeps it to itself behind another's invention", "127.0.0.1", "192.0.2.9, unknown", trusted, "unknown"],
    ["a proxy's header is empty", "127.0.0.1", "", trusted, "unknown"],
    ["one proxy behind another does so", "127.0.0.1", "192.0.2.9, nas, 10.0.0.7", trusted, "unknown"],
    ["or leaves its entry empty", "127.0.0.1", "192.0.2.9,,10.0.0.7", trusted, "unknown"],
    ["who connects has gone", "unknown", "192.0.2.9", trusted, "unknown"],
    ["an address with its port", "127.0.0.1", "192.0.2.9:4711", trusted, "192.0.2.9"],
    ["the same of IPv6", "127.0.0.1", "[2001:db8::9]:4711", trusted, "2001:db8::9"],
    ["IPv6 as it is", "127.0.0.1", "2001:DB8::9", trusted, "2001:db8::9"],
    ["an address of IPv4 within IPv6", "127.0.0.1", "::ffff:192.0.2.9", trusted, "192.0.2.9"],
    ["the socket, where it is not trusted", null, "192.0.2.9", trusted, null],
    ["the socket, where it is", null, "192.0.2.9", parseTrustedProxies("unix"), "192.0.2.9"],
    ["the socket, which says nothing", null, undefined, parseTrustedProxies("unix"), null],
    ["the socket, which does not say who", null, "unknown", parseTrustedProxies("unix"), "unknown"],
    ["only the socket is trusted", "127.0.0.1", "192.0.2.9", parseTrustedProxies("unix"), "127.0.0.1"],
  ] as const)("%s", (_what, peer, forwardedFor, proxies, sender) => {
    expect(findSender(peer, forwardedFor, proxies)).toBe(sender);
  });
});

test("what is neither a network nor unix is refused by its name", () => {
  expect(() => parseTrustedProxies("10.0.0.0/8, unx")).toThrow('"unx" is not an address or a network');
  expect(() => parseTrustedProxies("10.0.0.0/33")).toThrow('"10.0.0.0/33" is not');
  expect(parseTrustedProxies("")).toEqual(noProxies);
});
