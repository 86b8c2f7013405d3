// A file system of a few MiB, so that a test can fill it; needs the right to mount.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, removeFolder } from "./store-files.ts";

function run(...command: string[]): { readonly ok: boolean; readonly output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  return { ok: exitCode === 0, output: `${stdout.toString()}${stderr.toString()}`.trim() };
}

function tryMount(): string | null {
  const folder = makeFolder();
  const { ok, output } = run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder);
  if (ok) run("umount", folder);
  removeFolder(folder);
  return ok ? null : `cannot mount a tmpfs: ${output}`;
}

/** Why there can be none here, as part of a test's title; null where there can. */
export const smallDiskUnavailable: string | null = tryMount();

/** Runs the action with a mounted folder of `mebibytes`, unmounted and removed afterwards. */
export async function withSmallDisk(mebibytes: number, action: (disk: string) => Promise<void>): Promise<void> {
  const folder = makeFolder();
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const unmount = mountSmallDisk(disk, mebibytes);
  try {
    await action(disk);
  } finally {
    unmount();
    removeFolder(folder);
  }
}

/** Mounts one over a folder that exists; the function returned takes it away again. */
export function mountSmallDisk(folder: string, mebibytes: number): () => void {
  const { ok, output } = run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0700`, "tmpfs", folder);
  if (!ok) throw new Error(`cannot mount a tmpfs on ${folder}: ${output}`);
  return () => void run("umount", "--lazy", folder);
}

/** Makes everything on the disk unwritable, or writable again. */
export function setReadOnly(disk: string, readOnly: boolean): void {
  const { ok, output } = run("mount", "-o", `remount,${readOnly ? "ro" : "rw"}`, disk);
  if (!ok) throw new Error(`cannot remount ${disk}: ${output}`);
}
