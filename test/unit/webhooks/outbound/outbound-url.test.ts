// URLs that deliveries go to, and why others cannot be such.

import { describe, expect, test } from "bun:test";
import { parseOutboundUrl } from "../../../../src/webhooks/outbound/outbound-url.ts";

describe("a URL is taken apart:", () => {
  test.each([
    ["https://nas.example/hook?a=1", "nas.example", null, 443, "nas.example", "/hook?a=1"],
    ["http://NAS.example:8080", "nas.example", null, 8080, "nas.example:8080", "/"],
    ["HTTPS://nas.example.:443/", "nas.example", null, 443, "nas.example", "/"],
    ["http://nas", "nas", null, 80, "nas", "/"],
    ["http://127.1:81/", "127.0.0.1", "127.0.0.1", 81, "127.0.0.1:81", "/"],
    ["http://[2001:DB8::0:1]:81/", "2001:db8::1", "2001:db8::1", 81, "[2001:db8::1]:81", "/"],
    ["http://[::ffff:127.0.0.1]/", "::ffff:7f00:1", "127.0.0.1", 80, "[::ffff:7f00:1]", "/"],
    ["https://nas.example//other.example/", "nas.example", null, 443, "nas.example", "//other.example/"],
    ["https://büro.example/ü", "xn--bro-hoa.example", null, 443, "xn--bro-hoa.example", "/%C3%BC"],
  ])("%s", (text, host, address, port, authority, path) => {
    expect(parseOutboundUrl(text)).toMatchObject({ host, address, port, authority, path });
  });
});

describe("a URL is refused", () => {
  test.each([
    ["ftp://nas.example/", "is not a URL of http or https"],
    ["file:///etc/passwd", "is not a URL of http or https"],
    ["javascript:alert(1)", "is not a URL of http or https"],
    ["nas.example/hook", "is not a URL of http or https"],
    ["//nas.example/hook", "is not a URL of http or https"],
    ["http:nas.example", "is not a URL of http or https"],
    ["http:/nas.example", "is not a URL of http or https"],
    ["http://", "is not a URL of http or https"],
    ["", "is not a URL of http or https"],
    ["http://256.1.1.1/", "is not a URL of http or https"],
    ["http://[fe80::1%25eth0]/", "is not a URL of http or https"],
    ["http://[::1/", "is not a URL of http or https"],
    ["http://nas.example:99999/", "is not a URL of http or https"],
    ["http://nas.example:0/", "port 0"],
    ["http://user:secret@nas.example/", "a user or a password"],
    ["http://user@nas.example/", "a user or a password"],
    ["http://:secret@nas.example/", "a user or a password"],
    ["https://nas.example/#part", "a # in it"],
    ["https://nas.example/#", "a # in it"],
    ["https://nas.example/a b", "a space"],
    [" https://nas.example/", "a space"],
    ["https://nas.example/\r\nx: y", "a space or a control character"],
    ["https://nas\t.example/", "a space or a control character"],
    ["http://../", "has no host"],
    ["https://nas.example/".padEnd(5000, "x"), "over 4096 characters"],
  ])("%j: %s", (text, words) => {
    expect(parseOutboundUrl(text)).toEqual({ problem: expect.stringContaining(words) });
  });
});
