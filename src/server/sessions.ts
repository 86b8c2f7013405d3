// Sessions of browsers: a cookie that says until when it counts and proves that we made it. Nothing is kept here, so
// sessions outlive a restart, and a new token ends them all.

import { createHmac } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { secretsEqual } from "../core/secret-compare.ts";

const lifetimeSeconds = 30 * 24 * 60 * 60;

export class Sessions {
  readonly #key: Buffer;
  readonly #clock: Pick<Clock, "now">;
  /** Cookies know no ports: servers beside each other on one machine must not take each other's. */
  readonly #name: string;

  constructor(token: string, clock: Pick<Clock, "now">) {
    this.#key = createHmac("sha256", token).update("runner: key of sessions").digest();
    this.#clock = clock;
    this.#name = `runner_${createHmac("sha256", token).update("runner: name of sessions").digest("hex").slice(0, 8)}`;
  }

  /** The Set-Cookie of a new session; `secure` where the browser came by HTTPS. */
  open(secure: boolean): string {
    const expiry = String(Math.floor(this.#clock.now() / 1000) + lifetimeSeconds);
    return this.#setCookie(secure, `${expiry}.${this.#sign(expiry)}`, lifetimeSeconds);
  }

  /** The Set-Cookies that end a session. */
  close(): readonly string[] {
    return [true, false].map((secure) => this.#setCookie(secure, "", 0));
  }

  /** Whether one of the cookies is a session that has not ended. */
  includes(cookies: string | null): boolean {
    const values = readCookies(cookies ?? "", [secureName(this.#name), this.#name]);
    return values.some((value) => this.#isValid(value));
  }

  /** The cookies of a request without ours: what a webhook stores and shows to scripts holds no session. */
  remove(cookies: string): string {
    const own = new Set([secureName(this.#name), this.#name]);
    return cookies
      .split(";")
      .filter((pair) => !own.has((pair.split("=")[0] ?? "").trim()))
      .join(";")
      .trim();
  }

  #isValid(value: string): boolean {
    const [, expiry, mac] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
    if (expiry === undefined || mac === undefined || !secretsEqual(mac, this.#sign(expiry))) return false;
    return Number(expiry) * 1000 > this.#clock.now();
  }

  #sign(expiry: string): string {
    return createHmac("sha256", this.#key).update(expiry).digest("base64url");
  }

  #setCookie(secure: boolean, value: string, maxAgeSeconds: number): string {
    const name = secure ? secureName(this.#name) : this.#name;
    const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
    return `${name}=${value}; ${attributes}${secure ? "; Secure" : ""}`;
  }
}

/** Browsers take this one only from the host itself, by HTTPS (RFC 6265bis §4.1.3.2). */
function secureName(name: string): string {
  return `__Host-${name}`;
}

/** Values of the cookies with these names; others on the same host set as many as they like. */
function readCookies(header: string, names: readonly string[]): readonly string[] {
  return header.split(";").flatMap((pair) => {
    const equals = pair.indexOf("=");
    return equals !== -1 && names.includes(pair.slice(0, equals).trim()) ? [pair.slice(equals + 1).trim()] : [];
  });
}
