// Session cookies: made by us, for a while, for one token.

import { expect, test } from "bun:test";
import { Sessions } from "../../../src/server/sessions.ts";

const day = 24 * 60 * 60 * 1000;
const start = 1_700_000_000_000;

const sessionsAt = (now: number, token = "a-token") => new Sessions(token, { now: () => now });
const cookieOf = (setCookie: string): string => setCookie.split(";")[0] ?? "";

test("one counts for 30 days, also after a restart, and not a second longer", () => {
  const cookie = cookieOf(sessionsAt(start).open(false));
  expect(sessionsAt(start + 30 * day - 1000).includes(cookie)).toBe(true);
  expect(sessionsAt(start + 30 * day).includes(cookie)).toBe(false);
});

test("a new token ends all", () => {
  expect(sessionsAt(start, "another-token").includes(cookieOf(sessionsAt(start).open(false)))).toBe(false);
});

test("its cookie is out of reach of scripts and other sites, and bound to HTTPS where that is used", () => {
  const plain = sessionsAt(start).open(false);
  expect(plain).toMatch(/^runner_[0-9a-f]{8}=\d+\.[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/);
  expect(sessionsAt(start).open(true)).toMatch(/^__Host-runner_[0-9a-f]{8}=.*; HttpOnly; SameSite=Strict; Secure$/);
  expect(sessionsAt(start).includes(cookieOf(sessionsAt(start).open(true)))).toBe(true);
});

test("two servers on one host have cookies of different names", () => {
  const name = (token: string): string => sessionsAt(start, token).open(false).split("=")[0] ?? "";
  expect(name("a-token")).not.toBe(name("another-token"));
});

test("no part of it can be changed", () => {
  const sessions = sessionsAt(start);
  const cookie = cookieOf(sessions.open(false));
  const [name = "", value = ""] = cookie.split("=");
  const [expiry = "", mac = ""] = value.split(".");
  const later = String(Number(expiry) + 1);
  const forged = [`${later}.${mac}`, `${expiry}.${mac.slice(1)}A`, `${expiry}.`, expiry, "", `0${value}`, ` ${value}x`];
  for (const each of forged) expect(sessions.includes(`${name}=${each}`)).toBe(false);
  expect(sessions.includes(`other=${value}`)).toBe(false);
  expect(sessions.includes(null)).toBe(false);
});

test("it is found among the cookies of others, also behind an old one of its own name", () => {
  const sessions = sessionsAt(start);
  const cookie = cookieOf(sessions.open(false));
  const name = cookie.split("=")[0] ?? "";
  expect(sessions.includes(`a=b; ${name}=old; ${cookie}; c`)).toBe(true);
});

test("closing it names both cookies and keeps neither", () => {
  const closed = sessionsAt(start).close();
  expect(closed.map((each) => /^(?:__Host-)?runner_\w{8}=; Path=\/; Max-Age=0/.test(each))).toEqual([true, true]);
});

test("remove() takes out its own cookies and leaves the others", () => {
  const sessions = sessionsAt(start);
  const [plain, secure] = [cookieOf(sessions.open(false)), cookieOf(sessions.open(true))];
  expect(sessions.remove(`a=b; ${plain}; c=d;${secure}`)).toBe("a=b; c=d");
  expect(sessions.remove(plain)).toBe("");
});
