// The files of pipelines/ that `runner init` writes. A macro: it runs while the binary is built, which holds the texts.

import { readFileSync } from "node:fs";

export interface EmbeddedFiles {
  readonly hello: string;
  readonly types: string;
  readonly tsconfig: string;
}

export function readEmbeddedFiles(): EmbeddedFiles {
  const read = (name: string): string => readFileSync(`${import.meta.dir}/../../../pipelines/${name}`, "utf8");
  return { hello: read("hello.ts"), types: read("runner.d.ts"), tsconfig: read("tsconfig.json") };
}
