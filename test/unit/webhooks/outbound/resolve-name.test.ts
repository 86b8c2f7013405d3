// Host names: where they are looked up.

import { afterAll, expect, test } from "bun:test";
import { getServers, setServers } from "node:dns";
import { join } from "node:path";
import { createNameResolver } from "../../../../src/webhooks/outbound/resolve-name.ts";
import { makeFolder, removeFolders, writeFiles } from "../../../fixtures/pipelines/temporary-folder.ts";

const servers = getServers();
afterAll(() => {
  setServers(servers);
  removeFolders();
});

test("a name of /etc/hosts is found, one that is nowhere is not", async () => {
  const resolve = createNameResolver();
  expect(await resolve("localhost")).toContain("127.0.0.1");
  const thrown: unknown = await resolve("receiver.invalid").catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "DNS_ENOTFOUND" });
});

test("name servers that resolv.conf names later are asked from then on", async () => {
  let elapsedMs = 0;
  const folder = makeFolder({ "resolv.conf": "nameserver 127.0.0.77\n" });
  const resolve = createNameResolver({ resolvConf: join(folder, "resolv.conf"), elapsed: () => elapsedMs });
  await resolve("localhost");
  expect(getServers()).toEqual(servers);
  writeFiles(folder, {
    "resolv.conf": "# a comment\nnameserver 127.0.0.78\nnameserver fe80::1%eth0\nsearch example\n nameserver\t::1\n",
  });
  await resolve("localhost");
  expect(getServers()).toEqual(servers);
  elapsedMs = 1000;
  await resolve("localhost");
  expect(getServers()).toEqual(["127.0.0.78", "::1"]);
});
