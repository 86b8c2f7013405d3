// Bundles the guest side at build time: imported as a macro, so that the binary holds the finished text.

/** The guest's globals as one classic script. A process of its own bundles it, since a macro may not call Bun.build. */
export function bundleGuest(): string {
  const entry = `${import.meta.dir}/entry.ts`;
  const flags = ["--target=browser", "--format=iife", "--minify-whitespace", "--minify-syntax"];
  const built = Bun.spawnSync([process.execPath, "build", entry, ...flags], { stderr: "pipe" });
  if (built.success) return built.stdout.toString();
  throw new Error(`bundling ${entry} failed: ${built.stderr.toString()}`);
}
