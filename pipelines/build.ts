// Builds a git repository in a container and keeps what it makes: `runner artifacts RUN` gets it. Needs git, and
// Docker or Podman.
//
//   runner trigger build --param repo=https://github.com/you/app.git
//   runner trigger build --param repo=/srv/app --param image=node:22 --param command="npm ci && npm run build -- --outDir /out"
//
// With --param tag=app:latest it also builds an image by the repository's Dockerfile, through the docker command of
// this machine. Whoever may use Docker may do everything on this machine: it is for repositories that you trust.

import { shell } from "./lib/shell.ts";

export const config = {
  webhook: false, // only by hand; deploy.ts shows how GitHub starts a pipeline
  params: {
    repo: { type: "string", required: true, description: "what git clones" },
    branch: { type: "string", default: "main" },
    image: { type: "string", default: "golang:1.22", description: "the container that builds" },
    command: { type: "string", default: "go build -o /out/ ./...", description: "what makes files in /out" },
    tag: { type: "string", default: "", description: "of an image that is built too" },
  },
  concurrency: { limit: 1 },
  timeout: "30m",
} satisfies PipelineConfig;

export const pipeline = async () => {
  const { repo, branch, image, command, tag } = pipelineContext.params;
  // Folders that live as long as this run; each step shows them where it likes.
  const [source, out] = [await volumes.create({ name: "source" }), await volumes.create({ name: "out" })];

  await shell("clone", 'git clone --quiet --depth 1 --branch "$BRANCH" -- "$REPO" source', {
    env: { BRANCH: branch, REPO: repo },
    mounts: { source },
  });
  const commit = await shell("commit", "git -C source rev-parse HEAD", { mounts: { source } });

  const build = await runtime.run({
    name: "build",
    image,
    command,
    mounts: { "/src": source, "/out": out },
    workDir: "/src",
    containerLimits: { memory: "2GiB" },
  });
  assert.equal(build.code, 0, "the build failed");

  await shell("pack", "tar -czf packed.tar.gz -C out . && mv packed.tar.gz out/", { mounts: { out } });
  const { bytes } = await artifacts.save("out.tar.gz", { volume: out, path: "packed.tar.gz" });

  if (tag !== "")
    await shell("image", 'docker build --quiet --tag "$TAG" source/', { env: { TAG: tag }, mounts: { source } });
  return { commit, bytes, image: tag || null };
};
