// How a server is reached: over TCP, with its own certificate, or over a unix socket.

import { readFile } from "node:fs/promises";
import type { ServerAddress } from "./find-server.ts";

export interface Connection {
  /** What paths are appended to. */
  readonly base: string;
  /** For fetch. */
  readonly options: BunFetchRequestInit;
}

export async function connectionTo({ url, tlsCert = null }: ServerAddress): Promise<Connection> {
  if (url.startsWith("unix:")) {
    return { base: "http://localhost", options: { unix: url.slice("unix:".length), proxy: false as never } };
  }
  const cert = tlsCert === null ? null : await readFile(tlsCert, "utf8").catch(() => null);
  return {
    base: url,
    options: {
      // A proxy set for the whole machine cannot reach this machine's own loopback.
      ...(isLoopback(url) ? { proxy: false as never } : {}),
      ...(cert === null ? {} : { tls: trustOnly(cert) }),
    },
  };
}

/** The certificate itself is enough, whoever signed it, and for whatever name: the server is known by its note. */
function trustOnly(cert: string): NonNullable<BunFetchRequestInit["tls"]> {
  // Of a chain the first is the server's; the others could vouch for anybody.
  const own = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(cert)?.[0] ?? cert;
  const options = { ca: own, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
  return options;
}

function isLoopback(url: string): boolean {
  return /^https?:\/\/(?:127\.|localhost[:/]|localhost$|\[::1\])/.test(url);
}
