// The test that the guard takes before anything is sent: it fails with senders that do what it is there to find.

import { expect, test } from "bun:test";
import { createSender, type Sender, type SenderOptions } from "../../../../src/webhooks/outbound/create-sender.ts";
import { findGuardFault } from "../../../../src/webhooks/outbound/guard-self-test.ts";
import { openOutboundSender, type OutboundSender } from "../../../../src/webhooks/webhooks.ts";

const works = "on this runtime the guard of addresses does not work";

/** A sender that asks the first address of the name as it is. */
function careless(ask: (url: string, headers: Record<string, string>, options: SenderOptions) => Promise<Response>) {
  return (options: SenderOptions): Pick<Sender, "send"> => ({
    async send({ url }) {
      const { host, port, hostname, pathname } = new URL(url);
      const [address] = (await options.resolve?.(hostname)) ?? [];
      const { status } = await ask(`http://${address}:${port}${pathname}`, { host }, options);
      return { type: "answered", status, headers: {}, body: new Uint8Array(0), isCut: false, durationMs: 0 };
    },
  });
}

const allowsAll = (options: SenderOptions): Sender => createSender({ ...options, denyPrivate: false });

test("the guard works on this runtime", async () => {
  expect(await findGuardFault(createSender)).toBeNull();
  const sender: OutboundSender = await openOutboundSender({ denyPrivate: false, allowHttp: false });
  expect(sender.fault).toBeNull();
});

test("a sender that connects to private addresses though they are denied is found", async () => {
  expect(await findGuardFault(allowsAll)).toContain(`${works}: a name that resolves to 127.0.0.1 is not refused`);
});

test("a sender that looks a name up again to connect is found", async () => {
  const twice = (options: SenderOptions): Sender => {
    const resolve = async (name: string) => {
      await options.resolve?.(name);
      return (await options.resolve?.(name)) ?? [];
    };
    return createSender({ ...options, resolve });
  };
  expect(await findGuardFault(twice)).toContain(`${works}: a name that resolves to 169.254.169.254 is not refused`);
});

test("a sender that follows redirects, or does not name the host, is found", async () => {
  const guarded =
    (create: (options: SenderOptions) => Pick<Sender, "send">) =>
    (options: SenderOptions): Pick<Sender, "send"> => ({
      async send(request) {
        const [address] = (await options.resolve?.("")) ?? [];
        const refused = createSender({ ...options, resolve: async () => [address ?? ""] });
        if (options.denyPrivate || address !== "127.0.0.1") return await refused.send(request);
        return await create({ ...options, resolve: async () => [address] }).send(request);
      },
    });
  const nameless = guarded(careless((url) => fetch(url, { method: "POST", redirect: "manual" })));
  expect(await findGuardFault(nameless)).toContain(`${works}: the name is not in the Host header`);
  const following = guarded(
    careless(async (url, headers) => {
      await fetch(url, { method: "POST", headers, redirect: "manual" });
      return await fetch(url, { method: "POST", headers, redirect: "manual" });
    }),
  );
  expect(await findGuardFault(following)).toContain(`${works}: a redirect is followed`);
});

test("a sender that cannot connect at all, or throws, is found", async () => {
  const dead = (): Pick<Sender, "send"> => ({
    send: async () => ({ type: "failed", error: "address_refused", message: "no network", durationMs: 0 }),
  });
  expect(await findGuardFault(dead)).toContain(`${works}: an allowed address cannot be asked: no network`);
  const broken = (): Pick<Sender, "send"> => ({ send: () => Promise.reject(new Error("broken")) });
  expect(await findGuardFault(broken)).toBe("nothing is sent: the guard of addresses could not be tested: broken");
});
