// The params that get and put of the built-in resources take: those of Concourse's git-resource, time-resource and
// mock-resource.

import type { ResourceTypeName } from "../../plan.ts";

interface KnownParams {
  readonly get: readonly string[];
  readonly put: readonly string[];
  /** Of put: without it nothing can be done. */
  readonly needed?: string;
}

const gitGet =
  "depth fetch fetch_tags submodules submodule_recursive submodule_remote clean_tags short_ref_format disable_git_lfs";

export const knownParams: Readonly<Record<ResourceTypeName, KnownParams>> = {
  git: {
    get: gitGet.split(" "),
    put: "repository rebase merge returning force tag tag_prefix only_tag annotate branch".split(" "),
    needed: "repository",
  },
  time: { get: [], put: [] },
  mock: { get: ["create_files_via_params"], put: ["version", "file", "print_env"] },
};
