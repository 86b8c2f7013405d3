// The map of src/: which folder stands above which, and which folder owns which dependency. DESIGN.md §6 as data.

/** From the top; a folder imports only from rows below its own, never from its own row. */
export const layers: readonly (readonly string[])[] = [
  ["main.ts"],
  ["cli"],
  ["app"],
  ["sandbox-process.ts", "store-worker.ts"],
  ["config"],
  ["server"],
  ["engine"],
  ["expressions", "webhooks", "pipelines", "sandbox", "executors", "files", "store", "secrets", "telemetry"],
  ["core"],
];

/** These connect parts, so they may reach past a folder's door. */
export const wiring: readonly string[] = ["app.ts", "sandbox-process.ts", "store-worker.ts"];

/** A file beside its folder: it belongs to the folder and is its door. */
export const doorsBeside: Readonly<Record<string, string>> = { app: "app.ts", config: "config.ts" };

/** Folders that are a vocabulary: each file is a door of its own. */
export const withoutDoor: readonly string[] = ["core"];

/** Files outside src/ that may be imported: the version stands in one place. */
export const importableOutside: readonly string[] = [
  "../package.json",
  "../node_modules/@scalar/api-reference/dist/browser/standalone.js",
];

/** What is used in one place only. Several places: whichever begins to use it, but only one of them. */
export interface Owner {
  readonly of: RegExp;
  /** Beginnings of paths below src/. */
  readonly places: readonly string[];
  /** All of them may use it. */
  readonly each?: true;
}

export const packageOwners: readonly Owner[] = [
  { of: /^elysia$|^@elysiajs\//, places: ["server/"] },
  { of: /^jexl$|^re2js$|^ajv(-formats)?(\/|$)/, places: ["expressions/"] },
  { of: /^quickjs-emscripten(-core)?$|^@jitl\//, places: ["sandbox/"] },
  { of: /^@jridgewell\/trace-mapping$/, places: ["sandbox/", "engine/", "pipelines/"] },
  { of: /^@noble\/ciphers(\/|$)/, places: ["secrets/"] },
  { of: /^commander$/, places: ["cli/"] },
  { of: /^croner$/, places: ["core/"] },
  { of: /^nodemailer(\/|$)/, places: ["webhooks/"] },
  // For the YAML of scripts, and for pipelines that are YAML; the first must be within other bounds than the second.
  { of: /^yaml$/, places: ["sandbox/process/", "pipelines/concourse/"], each: true },
];

export interface WordOwner {
  readonly name: string;
  /** Token texts in order. */
  readonly words: readonly (readonly string[])[];
  readonly modules: readonly string[];
  readonly places: readonly string[];
}

/** Abilities of the runtime that are used in one place, however they are reached. */
export const abilityOwners: readonly WordOwner[] = [
  { name: "SQLite", words: [], modules: ["bun:sqlite", "node:sqlite", "sqlite"], places: ["store/sqlite/"] },
  {
    name: "starting processes",
    words: [
      ["Bun", ".", "spawn"],
      ["Bun", ".", "spawnSync"],
      ["Bun", ".", "$"],
    ],
    modules: ["node:child_process", "child_process"],
    // The guest's source is a macro: it runs while the binary is built and is not in it.
    places: [
      "executors/",
      "sandbox/pool",
      "sandbox/guest/guest-source.ts",
      "pipelines/concourse/runtime-source.ts",
      "telemetry/service-unit.ts",
    ],
  },
  {
    name: "the environment",
    words: [
      ["process", ".", "env"],
      ["Bun", ".", "env"],
      ["import", ".", "meta", ".", "env"],
    ],
    modules: ["node:process", "process"],
    places: ["config.ts", "config/"],
  },
];

/** Objects whose parts must be named where they are used, so that the table above sees them. */
export const neverTakenApart: readonly string[] = ["Bun", "process"];

export const forbiddenNames: readonly string[] =
  "utils util helpers helper types common shared lib misc manager index".split(" ");

export const maxLines = 400;
