// What is said of a URL before anything is sent to it.

import { describe, expect, test } from "bun:test";
import { createSender } from "../../../../src/webhooks/outbound/create-sender.ts";

const names: Readonly<Record<string, readonly string[]>> = {
  "nas.example": ["192.168.1.7"],
  "both.example": ["169.254.169.254", "192.168.1.7"],
  "metadata.example": ["169.254.169.254", "fd00:ec2::254"],
  "public.example": ["203.0.113.7"],
};

const resolve = async (name: string): Promise<readonly string[]> => {
  const found = names[name];
  if (found === undefined) throw Object.assign(new Error("not found"), { code: "DNS_ENOTFOUND" });
  return found;
};

const sender = createSender({ denyPrivate: false, allowHttp: false, resolve });

describe("a URL is refused at once with the reason:", () => {
  test.each([
    ["ftp://nas.example/", "the URL is not a URL of http or https, like https://nas.example/hook"],
    [
      "https://metadata.example/",
      "metadata.example resolves to 169.254.169.254, which is link-local, where cloud metadata is: nothing is ever sent there; " +
        "and to fd00:ec2::254, which is AWS's metadata service: nothing is ever sent there",
    ],
    ["http://0/", "0.0.0.0 is unspecified: nothing is ever sent there"],
    [
      "http://[64:ff9b::a9fe:a9fe]/",
      "64:ff9b::a9fe:a9fe is 169.254.169.254 within IPv6: link-local, where cloud metadata is: nothing is ever sent there",
    ],
    [
      "http://public.example/",
      "public.example resolves to 203.0.113.7, which is public: http would show the delivery to everybody on the way, " +
        "so use https (or --outbound-allow-http)",
    ],
  ])("%s", async (url, reason) => {
    expect(await sender.checkUrl(url)).toBe(reason);
  });
});

test.each(["http://nas.example/", "http://both.example/", "https://public.example/", "http://nobody.example/"])(
  "%s may be sent to",
  async (url) => {
    expect(await sender.checkUrl(url)).toBeNull();
  },
);

test("private addresses are refused where they are denied", async () => {
  const strict = createSender({ denyPrivate: true, allowHttp: false, resolve });
  expect(await strict.checkUrl("http://nas.example/")).toBe(
    "nas.example resolves to 192.168.1.7, which is private: --outbound-deny-private refuses it",
  );
  expect(await strict.checkUrl("http://127.1/")).toBe("127.0.0.1 is loopback: --outbound-deny-private refuses it");
});

test("a name that is looked up for ever is accepted after five seconds", async () => {
  let lookUpOver = (): void => {};
  const clock = {
    now: () => 0,
    elapsed: () => 0,
    after(delayMs: number, callback: () => void) {
      if (delayMs === 5000) lookUpOver = callback;
      return () => {};
    },
  };
  const patient = createSender({ denyPrivate: false, allowHttp: false, clock, resolve: () => new Promise(() => {}) });
  const checked = patient.checkUrl("http://nas.example/");
  lookUpOver();
  expect(await checked).toBeNull();
});

test("a URL that cannot be one is not sent to", async () => {
  const body = new Uint8Array(0);
  const outcome = await sender.send({ url: "file:///etc/passwd", method: "POST", headers: {}, body, timeoutMs: 1000 });
  expect(outcome).toMatchObject({ type: "failed", error: "address_refused" });
});
