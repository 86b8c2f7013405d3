// `volumes`: folders shared by the steps of a run, made and read by the host.

import { call } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";

interface Volume {
  readonly name: string;
  readonly path: string;
  readFiles(...paths: unknown[]): Promise<unknown>;
}

/** The name of a volume that is given by its name or as it was made. */
export function volumeName(volume: unknown, what: string): string {
  const name: unknown = typeof volume === "object" && volume !== null ? (volume as { name?: unknown }).name : volume;
  if (typeof name === "string") return name;
  throw new TypeError(`${what}: a volume is given by its name or as volumes.create made it`);
}

const names = new Set<string>();
const maxCacheKey = 512;

/** Chosen here, so that a script that is executed again asks for the same one. */
function nextName(): string {
  for (let number = 1; ; number++) if (!names.has(`volume-${number}`)) return `volume-${number}`;
}

/** `size`, which scripts written for other servers give, has no effect: a volume is a folder. */
async function create(options: unknown = {}): Promise<Volume> {
  if (typeof options !== "object" || options === null) throw new TypeError("volumes.create: takes { name }");
  const unknown = Object.keys(options).find((field) => !["name", "size", "cache"].includes(field));
  if (unknown !== undefined) throw new TypeError(`volumes.create: unknown option ${stringifyJson(unknown)}`);
  const { name, cache } = options as { name?: unknown; cache?: unknown };
  if (cache !== undefined && cache !== null) return await openCache(cache, name);
  if (name !== undefined && name !== null && typeof name !== "string") {
    throw new TypeError("volumes.create: name must be a text");
  }
  const wanted = name || nextName();
  names.add(wanted);
  return volumeOf(await call("volume", "volumes.create", { name: wanted }));
}

async function openCache(cache: unknown, name: unknown): Promise<Volume> {
  if (typeof cache !== "string" || cache === "" || cache.length > maxCacheKey) {
    throw new TypeError(`volumes.create: cache must be a text of 1 to ${maxCacheKey} characters, as { cache: "npm" }`);
  }
  if (name !== undefined && name !== null) {
    throw new TypeError("volumes.create: a cache has no name; give either cache or name");
  }
  return volumeOf(await call("volume", "volumes.create", { cache }));
}

function volumeOf(made: unknown): Volume {
  const { name, path } = made as { name: string; path: string };
  // Not enumerable: the volume stays plain data wherever it is passed on, copied or printed.
  return Object.defineProperty({ name, path } as Volume, "readFiles", {
    value: (...paths: unknown[]) => readFiles(name, ...paths),
  });
}

async function readFiles(volume: unknown, ...paths: unknown[]): Promise<unknown> {
  const wanted = paths.flat();
  if (!wanted.every((path) => typeof path === "string")) {
    throw new TypeError("volumes.readFiles: takes a volume and the paths of files in it");
  }
  return await call("volume", "volumes.readFiles", {
    volume: volumeName(volume, "volumes.readFiles"),
    paths: wanted,
  });
}

/** Also adds the names that scripts written for other servers use to `runtime`, so that they run unchanged. */
export function installVolumes(): void {
  defineGlobal("volumes", { create, readFiles });
  const { runtime } = globalThis as unknown as { runtime: object };
  Object.assign(runtime, { createVolume: create, readFilesFromVolume: readFiles });
}
