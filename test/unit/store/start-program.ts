// Starts the programs in programs/ as processes of their own.

import { fileURLToPath } from "node:url";

export type Program = Bun.Subprocess<"pipe", "pipe", "inherit">;

const paths = {
  "own-store": new URL("./programs/own-store.ts", import.meta.url),
  "commit-until-killed": new URL("./programs/commit-until-killed.ts", import.meta.url),
  "measure-lag": new URL("./programs/measure-lag.ts", import.meta.url),
} as const;

export function startProgram(name: keyof typeof paths, path: string, env: Record<string, string> = {}): Program {
  return Bun.spawn([process.execPath, fileURLToPath(paths[name]), path], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...env },
  });
}

/** Resolves when the program has printed its first bytes. @throws when it ended without. */
export async function firstOutput(program: Program): Promise<string> {
  const reader = program.stdout.getReader();
  const { value, done } = await reader.read();
  reader.releaseLock();
  if (done) throw new Error(`the program ended without output, with code ${await program.exited}`);
  return new TextDecoder().decode(value);
}

/** What the program prints from here on until it ends. */
export async function readAll(program: Program): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of program.stdout) text += decoder.decode(bytes, { stream: true });
  return text;
}
