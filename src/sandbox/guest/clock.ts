// `Date` over the journaled clock, `Math.random` seeded by the run, random values from the host.

import { defineGlobal, host, hostText } from "./host.ts";
import { decodeBase64 } from "./base64.ts";

const readClock = (): number => host("clock") as number;

/** `Date` without arguments, and `Date.now`, tell the journaled time; all else is the engine's own Date. */
function installDate(): void {
  const EngineDate = Date;
  const JournaledDate = function (this: unknown, ...args: unknown[]): Date | string {
    if (new.target === undefined) return new EngineDate(readClock()).toString();
    const values = args.length === 0 ? [readClock()] : args;
    return Reflect.construct(EngineDate, values, new.target) as Date;
  };
  Object.defineProperty(JournaledDate, "name", { value: "Date", configurable: true });
  Object.defineProperty(JournaledDate, "length", { value: 7, configurable: true });
  JournaledDate.prototype = EngineDate.prototype;
  JournaledDate.parse = EngineDate.parse;
  JournaledDate.UTC = EngineDate.UTC;
  JournaledDate.now = readClock;
  Object.defineProperty(EngineDate.prototype, "constructor", {
    value: JournaledDate,
    writable: true,
    configurable: true,
  });
  defineGlobal("Date", JournaledDate);
}

let seeded = Math.random;

/** What `Math.random` would give, also where the script has put something else in its place. */
export function drawRandom(): number {
  return seeded();
}

/** Seeds `Math.random` by a text: sfc32 over four words of an FNV-1a hash. */
export function seedRandom(seed: string): void {
  const word = (salt: number): number => {
    let hash = 0x811c9dc5 ^ salt;
    for (let index = 0; index < seed.length; index++) hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193);
    return hash >>> 0;
  };
  let [a, b, c, counter] = [word(1), word(2), word(3), word(4)] as [number, number, number, number];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  seeded = next;
  Math.random = next;
}

/** `count` random bytes, journaled. */
export function randomBytes(count: number): Uint8Array {
  return decodeBase64(hostText("random", String(count)));
}

export function installClock(): void {
  installDate();
}
