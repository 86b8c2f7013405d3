// Where deliveries may go, as a table: each spelling of an address that a URL or a resolver may bring.

import { describe, expect, test } from "bun:test";
import { createSender, type SenderOptions } from "../../../src/webhooks/outbound/create-sender.ts";
import { parseOutboundUrl } from "../../../src/webhooks/outbound/outbound-url.ts";
import vectors from "./addresses.json" with { type: "json" };

interface Group {
  readonly of: string;
  /** `https`: allowed by https, or where http is allowed to public addresses. */
  readonly default: string;
  /** With --outbound-deny-private. */
  readonly denied: string;
  readonly urls?: readonly (readonly string[])[];
  readonly resolved?: readonly string[];
}

const groups: readonly Group[] = vectors;
const nobody = async (): Promise<readonly string[]> => {
  throw new Error("an address is not looked up");
};

async function verdict(url: string, options: Partial<SenderOptions>): Promise<string> {
  const sender = createSender({ denyPrivate: false, allowHttp: false, resolve: nobody, ...options });
  const refused = async (each: string) => (await sender.checkUrl(each)) !== null;
  if (!(await refused(url))) return "allowed";
  return (await refused(url.replace("http:", "https:"))) ? "refused" : "https";
}

for (const group of groups) {
  describe(group.of, () => {
    test.each((group.urls ?? []).map(([url = "", address = ""]) => ({ url, address })))(
      "$url is $address",
      async ({ url, address }) => {
        expect(parseOutboundUrl(url)).toMatchObject({ address });
        expect(await verdict(url, {})).toBe(group.default);
        expect(await verdict(url, { denyPrivate: true })).toBe(group.denied);
        expect(await verdict(url, { allowHttp: true })).toBe(group.default === "https" ? "allowed" : group.default);
      },
    );

    test.each([...(group.resolved ?? [])])("a name that resolves to %p", async (address) => {
      const resolve = async () => [address];
      expect(await verdict("http://nas.example/", { resolve })).toBe(group.default);
      expect(await verdict("http://nas.example/", { resolve, denyPrivate: true })).toBe(group.denied);
    });
  });
}
