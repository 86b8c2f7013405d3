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

function failing(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

test("the system is asked for names of mDNS, and for those that the name servers do not know, not for others", async () => {
  const asked: string[] = [];
  const lookup = async (name: string, backend: string): Promise<readonly string[]> => {
    asked.push(`${backend} ${name}`);
    if (backend === "libc") return ["10.0.0.7"];
    return await failing(name === "dead.example" ? "DNS_ETIMEOUT" : "DNS_ENOTFOUND");
  };
  const resolve = createNameResolver({ lookup });
  expect(await resolve("nas.local")).toEqual(["10.0.0.7"]);
  expect(await resolve("container")).toEqual(["10.0.0.7"]);
  const thrown: unknown = await resolve("dead.example").catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "DNS_ETIMEOUT" });
  expect(asked).toEqual(["libc nas.local", "c-ares container", "libc container", "c-ares dead.example"]);
});

test("the system is asked for one name at a time, and for each once a minute", async () => {
  let elapsedMs = 0;
  const asked: string[] = [];
  const lookups: (() => void)[] = [];
  const lookup = async (name: string): Promise<readonly string[]> => {
    asked.push(name);
    await new Promise<void>((resolve) => lookups.push(resolve));
    return name === "off.local" ? await failing("DNS_ENOTFOUND") : ["10.0.0.7"];
  };
  const resolve = createNameResolver({ lookup, elapsed: () => elapsedMs });
  const ask = async (name: string): Promise<string> => {
    const pending = resolve(name).then(
      ([address]) => String(address),
      () => "unknown",
    );
    await Bun.sleep(0);
    return await pending;
  };
  const first = [ask("off.local"), ask("nas.local"), ask("off.local")];
  await Bun.sleep(1);
  expect(asked).toEqual(["off.local"]);
  lookups[0]?.();
  await Bun.sleep(1);
  expect(asked).toEqual(["off.local", "nas.local"]);
  lookups[1]?.();
  expect(await Promise.all(first)).toEqual(["unknown", "10.0.0.7", "unknown"]);
  elapsedMs = 59_999;
  expect([await ask("off.local"), await ask("nas.local")]).toEqual(["unknown", "10.0.0.7"]);
  expect(asked).toHaveLength(2);
  elapsedMs = 60_000;
  const again = ask("nas.local");
  await Bun.sleep(1);
  lookups[2]?.();
  expect(await again).toBe("10.0.0.7");
  expect(asked).toEqual(["off.local", "nas.local", "nas.local"]);
});
