// The modules of Node and Bun, none of which a script has, and what a script uses instead.

import { builtinModules } from "node:module";

const instead = new Map<string, string>();
const add = (modules: string, hint: string): void => {
  for (const name of modules.split(" ")) instead.set(name, hint);
};
add(
  "fs fs/promises",
  'read and write files in a step, like runtime.run({ command: "cat file" }), or use volumes and artifacts',
);
add("child_process", "run a program as a step: await runtime.run({ name, command: { path, args } })");
add("cluster worker_threads", "run a program as a step: await runtime.run({ name, command: { path, args } })");
add("crypto", "use the global crypto: crypto.randomUUID(), crypto.getRandomValues(), crypto.hmac()");
add("http https http2", "call out with fetch(); answer the webhook with http.request() and http.respond()");
add("net tls dgram dns dns/promises", 'do this in a step: runtime.run({ command: "nc …" }); for HTTP there is fetch()');
add("bun", "use fetch() for HTTP, runtime.run() for programs and files, and storage to keep values");
add("timers timers/promises", 'use the globals setTimeout and sleep("2s")');
add("url querystring", "use the globals URL and URLSearchParams");
add("util string_decoder", "use the globals TextEncoder, TextDecoder and structuredClone");
add("buffer", "use Uint8Array, TextEncoder, TextDecoder, atob and btoa");
add("assert assert/strict bun:test test", "use the global assert");
add("process", "use pipelineContext for arguments and parameters, and env of a step for its environment");
add("os", 'ask the host in a step: runtime.run({ name, command: "uname -a" })');
add("sqlite bun:sqlite", "keep values with storage.get() and storage.set()");
add("console", "use the global console");
add("path path/posix", 'join paths as text: `${dir}/${name}`, or use a package such as "path-browserify"');
add("events", 'install the package of that name: "bun add events" in the pipelines folder');

const names = new Set(builtinModules.map((name) => name.replace(/^node:/, "")));

export function isBuiltInModule(specifier: string): boolean {
  return /^(?:node|bun):/.test(specifier) || specifier === "bun" || names.has(specifier);
}

/** What to use instead of a built-in module, as one sentence. */
export function findReplacement(specifier: string): string {
  const fallback = "scripts run in a sandbox with its own globals; do this on the host with runtime.run";
  return instead.get(specifier.replace(/^node:/, "")) ?? fallback;
}
