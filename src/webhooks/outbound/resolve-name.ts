// The addresses of a host name, asked for without ever blocking a thread for long.
//
// Measured on Bun 1.4.5 with a name server that does not answer: getaddrinfo holds one of the two or more threads that
// all file access goes through, 10 s a name, so eight dead names stopped every file read for 30 s. c-ares waits without
// a thread, but it reads /etc/resolv.conf once and knows nothing of nsswitch.conf (mDNS, systemd). So: c-ares, told of
// every change of resolv.conf; and getaddrinfo, one name at a time, for what c-ares has been told does not exist, its
// answers remembered, so that several hosts of mDNS that are switched off do not keep one that is on waiting for long.

import { setServers } from "node:dns";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";

/** A change of resolv.conf is seen so soon. */
const lookAgainMs = 1000;

/** Addresses as text, the ones to be preferred first. Rejects where there are none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

export interface NameResolverOptions {
  readonly resolvConf?: string;
  /** Milliseconds from some fixed point. */
  readonly elapsed?: () => number;
  readonly lookup?: typeof lookUp;
}

/** RFC 6762 §10: a host's address is good for twice as long. */
const rememberedMs = 60_000;

const maxRemembered = 1000;

export function createNameResolver(options: NameResolverOptions = {}): ResolveName {
  const { resolvConf = "/etc/resolv.conf", elapsed = () => performance.now(), lookup = lookUp } = options;
  let followed = readText(resolvConf);
  let lookedAt = elapsed();
  const remembered = new Map<string, { readonly answer: Promise<readonly string[]>; until: number }>();
  let systemQueue: Promise<unknown> = Promise.resolve();

  function followServers(): void {
    if (elapsed() - lookedAt < lookAgainMs) return;
    lookedAt = elapsed();
    const text = readText(resolvConf);
    if (text === followed) return;
    followed = text;
    const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = ""]) => server);
    // c-ares would drop the zone of a link-local one, and never reach it.
    const usable = servers.filter((server) => isIP(server) !== 0 && !server.includes("%"));
    if (usable.length > 0) setServers(usable);
  }

  function askSystem(name: string): Promise<readonly string[]> {
    const known = remembered.get(name);
    if (known !== undefined && elapsed() < known.until) return known.answer;
    const answer = systemQueue.then(async () => await lookup(name, "libc"));
    const asked = { answer, until: Number.POSITIVE_INFINITY };
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(name, asked);
    systemQueue = answer.catch(() => {}).finally(() => (asked.until = elapsed() + rememberedMs));
    return answer;
  }

  return async (name) => {
    // mDNS, RFC 6762: no name server knows such names.
    if (/\.local$/i.test(name)) return await askSystem(name);
    followServers();
    try {
      return await lookup(name, "c-ares");
    } catch (thrown) {
      if (!isUnknownName(thrown)) throw thrown;
      return await askSystem(name);
    }
  };
}

async function lookUp(name: string, backend: "c-ares" | "libc"): Promise<readonly string[]> {
  const found = await Bun.dns.lookup(name, { backend });
  return found.map(({ address }) => address);
}

function isUnknownName(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && /ENOTFOUND|ENODATA/.test(String(thrown.code));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
