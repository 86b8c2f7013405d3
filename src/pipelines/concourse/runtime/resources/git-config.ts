// The `git_config` of a git resource: names that only say how, none that names a program, a file or another repository.

/** All that is in such a section. */
const sections = words("user author committer fetch transfer pack index pull rebase status feature checkout");
const settings = [
  ...words("autocrlf eol safecrlf bigfilethreshold compression loosecompression filemode ignorecase longpaths").map(
    ofCore,
  ),
  ...words("protectntfs protecthfs quotepath symlinks precomposeunicode abbrev commentchar preloadindex").map(ofCore),
  ...words("packedgitlimit packedgitwindowsize deltabasecachelimit").map(ofCore),
  ...words("push.followtags merge.renames merge.conflictstyle merge.renamelimit diff.renames diff.renamelimit"),
  ...words("submodule.fetchjobs commit.cleanup tag.sort"),
];
const ofHttp = [
  ...words("extraheader sslverify sslversion proxy version postbuffer maxrequests useragent"),
  ...words("lowspeedlimit lowspeedtime followredirects delegation emptyauth proactiveauth"),
];

/** @returns what is wrong with a name, or null. */
export function checkGitConfigName(name: string): string | null {
  const known = name.toLowerCase();
  if (settings.includes(known)) return null;
  const [section = "", field = "", ...rest] = known.split(".");
  if (rest.length === 0 && /^[a-z0-9-]+$/.test(field) && sections.includes(section)) return null;
  // `http.https://host/.extraHeader` is for that address alone.
  const http = /^http\.(?:https?:\/\/[^\s\p{Cc}]+\.)?([a-z]+)$/u.exec(known)?.[1];
  if (http !== undefined && ofHttp.includes(http)) return null;
  return "is no setting that a resource may have: it could name a program or a file";
}

function ofCore(name: string): string {
  return `core.${name}`;
}

function words(text: string): readonly string[] {
  return text.split(" ");
}
