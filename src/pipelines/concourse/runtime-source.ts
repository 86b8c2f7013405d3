// Bundles the runtime of compiled pipelines at build time: imported as a macro, so that the binary holds the finished text.

/** Plain statements that define the function `runPlan`. A process of its own bundles them, since a macro may not call Bun.build. */
export function bundleRuntime(): string {
  const entry = `${import.meta.dir}/runtime/entry.ts`;
  const built = Bun.spawnSync([process.execPath, "build", entry, "--target=browser", "--format=esm"], {
    stderr: "pipe",
  });
  if (!built.success) throw new Error(`bundling ${entry} failed: ${built.stderr.toString()}`);
  return built.stdout
    .toString()
    .replace(/^\/\/ src\/.*\n/gm, "")
    .replace(/\nexport \{\s*runPlan\s*\};?\s*$/, "\n");
}
