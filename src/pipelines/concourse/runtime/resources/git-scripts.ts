// What is done with git, as texts for `sh`. They are the same for every resource: what differs comes in variables named
// RUNNER_GIT_…, so that nothing of a source, a version or a param is ever part of a command, and no secret of an argument.

/** As it stands, where `\${` begins a variable of the shell. */
function sh({ raw }: TemplateStringsArray, ...parts: readonly string[]): string {
  return String.raw({ raw: raw.map((text) => text.replaceAll("\\${", "${")) }, ...parts);
}

/**
 * A world of its own for git: no configuration of the machine or of a user, no prompts, no protocols but these, and a
 * folder `$work` that goes at the end. `$uri` is the repository, without its password.
 */
const begin = sh`set -eu
fail() { printf '%s\n' "$1" >&2; exit 1; }
command -v git >/dev/null 2>&1 || fail 'git is not installed on this machine, and the resources of type git need it'
export RUNNER_GIT_WORK
RUNNER_GIT_WORK=$(mktemp -d "\${TMPDIR:-/tmp}/git-resource.XXXXXX")
work=$RUNNER_GIT_WORK
trap 'rm -rf -- "$work"' EXIT
trap 'exit 143' HUP INT TERM
mkdir "$work/home"
export HOME="$work/home" GIT_CONFIG_GLOBAL="$work/config" GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS= SSH_ASKPASS= GIT_LFS_SKIP_SMUDGE=1 GIT_ALLOW_PROTOCOL=https:http:ssh:git:file
unset XDG_CONFIG_HOME SSH_AUTH_SOCK GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
cat >"$GIT_CONFIG_GLOBAL" <<'END'
[safe]
	directory = *
[protocol "ext"]
	allow = never
[user]
	name = git
	email = git@localhost
[advice]
	detachedHead = false
[http]
	lowSpeedLimit = 1
	lowSpeedTime = 120
[gc]
	auto = 0
END
uri=$RUNNER_GIT_URI
case $uri in
  '' | -*) fail 'source.uri is not the place of a repository' ;;
  http://* | https://*)
    scheme=\${uri%%://*} rest=\${uri#*://}
    authority=\${rest%%/*}
    host=\${authority##*@}
    case $authority in
      *:*@*)
        (umask 077; printf '%s://%s\n' "$scheme" "$authority" >"$work/credentials")
        git config --file "$GIT_CONFIG_GLOBAL" credential.helper '!git credential-store --file="$RUNNER_GIT_WORK/credentials"'
        uri=$scheme://$host\${rest#"$authority"}
        ;;
    esac
    if [ -n "\${RUNNER_GIT_PASSWORD:-}" ]; then
      # For this host alone, where a redirect or a submodule leads to another one.
      git config --file "$GIT_CONFIG_GLOBAL" "credential.$scheme://$host.helper" \
        '!f() { [ "$1" != get ] || printf "username=%s\npassword=%s\n" "\${RUNNER_GIT_USERNAME:-git}" "$RUNNER_GIT_PASSWORD"; }; f'
    fi
    ;;
esac
GIT_SSH_COMMAND='ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=30 -o ServerAliveInterval=30 -o IdentitiesOnly=yes -o IdentityAgent=none'
if [ -n "\${RUNNER_GIT_KEY:-}" ]; then
  (umask 077; printf '%s\n' "$RUNNER_GIT_KEY" >"$work/key")
  unset RUNNER_GIT_KEY
  GIT_SSH_COMMAND="$GIT_SSH_COMMAND -i \"\$RUNNER_GIT_WORK/key\""
else
  GIT_SSH_COMMAND="$GIT_SSH_COMMAND -o IdentityFile=none"
fi
export GIT_SSH_COMMAND
# The branch of the source, else that which the repository has as its own.
find_head() {
  remote=HEAD
  [ -z "$branch" ] || remote=refs/heads/$branch
  git ls-remote --symref -- "$uri" "$remote" >"$work/remote"
  head=$(awk -F '\t' -v name="$remote" '$2 == name && $1 !~ /^ref:/ { print $1; exit }' "$work/remote")
  [ -n "$head" ] || fail "the repository has no \${branch:+branch }\${branch:-commits}"
}
branch=$RUNNER_GIT_BRANCH
`;

/** Prints a version a line, oldest first: a commit, or a tag and its commit. */
export const checkScript = sh`${begin}
from=$RUNNER_GIT_FROM filter=$RUNNER_GIT_TAG_FILTER regex=$RUNNER_GIT_TAG_REGEX
find_head
if [ -z "$filter$regex" ] && [ "$head" = "$from" ]; then
  printf '%s\n' "$head"
  exit 0
fi
set -f
IFS='
'
set -- $RUNNER_GIT_PATHS
unset IFS
set +f
git init -q --bare --template= "$work/repo"
cd "$work/repo"
git config remote.origin.url "$uri"
# Commits are enough where no paths are asked for; files never matter.
objects=tree:0
[ $# -eq 0 ] || objects=blob:none
# A server that sends all the same is warned about, and that is of no interest.
fetch() { git fetch -q --filter="$objects" "$@" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }; }
list() {
  if [ "$RUNNER_GIT_CI_SKIP" = yes ]; then
    git rev-list -F --invert-grep --grep='[ci skip]' --grep='[skip ci]' "$@"
  else
    git rev-list "$@"
  fi
}
most=$RUNNER_GIT_MOST
if [ -z "$filter$regex" ]; then
  fetch --no-tags origin "+$remote:refs/heads/checked"
  if [ -n "$from" ] && GIT_NO_LAZY_FETCH=1 git merge-base --is-ancestor "$from" refs/heads/checked 2>/dev/null; then
    printf '%s\n' "$from"
    list --first-parent --reverse --max-count=$((most - 1)) "$from..refs/heads/checked" -- "$@"
  else
    list --first-parent --max-count=1 refs/heads/checked -- "$@"
  fi
  exit 0
fi
fetch origin "+$remote:refs/heads/checked" '+refs/tags/*:refs/tags/*'
merged=
[ -z "$branch" ] || merged=--merged=refs/heads/checked
git tag --sort=creatordate $merged --list \
  --format='%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end) %(refname:strip=2)' -- "\${filter:-*}" >"$work/all"
if [ -n "$regex" ]; then
  grep -E -e "^[0-9a-f]+ ($regex)$" "$work/all" >"$work/tags" || [ $? -eq 1 ] || exit 1
else
  mv "$work/all" "$work/tags"
fi
list --tags -- "$@" >"$work/commits"
awk -v from="$from" -v most="$most" '
  FILENAME == ARGV[1] { listed[$1] = 1; next }
  $1 in listed { found[++count] = $2 " " $1; if ($2 == from) first = count }
  END {
    at = first ? first : count
    if (at <= count - most) at = count - most + 1
    for (; at > 0 && at <= count; at++) print found[at]
  }' "$work/commits" "$work/tags"
`;

/** Fills the folder `folder`; prints the commit, its author, its date and its message. */
export const getScript = sh`${begin}
ref=$RUNNER_GIT_REF depth=$RUNNER_GIT_DEPTH
if [ -z "$branch" ]; then
  find_head
  branch=$(sed -n 's/^ref: refs\/heads\/\(.*\)\tHEAD$/\1/p' "$work/remote" | head -n 1)
fi
# What an interrupted try has left.
find folder/ -mindepth 1 -delete
cd folder
git init -q --template= .
mkdir -p .git/info
git config remote.origin.url "$uri"
source=HEAD
if [ -n "$branch" ]; then
  source=refs/heads/$branch
  git config remote.origin.fetch "+$source:refs/remotes/origin/$branch"
fi
# A tag that was moved is fetched as it was found.
target=\${RUNNER_GIT_COMMIT:-$ref}
has() { git rev-parse --verify -q --end-of-options "$target^{commit}" >/dev/null; }
fetch() { git fetch -q "$@" origin "+$source:refs/remotes/origin/\${branch:-HEAD}" >&2; }
tags=
[ "$RUNNER_GIT_TAGS" = no ] || tags=--tags
fetch $tags \${depth:+--depth=$depth}
# A commit further back than that, or a tag that is not of the branch.
more=$depth
while [ -n "$depth" ] && ! has && [ -f .git/shallow ] && [ "$more" -lt 100000 ]; do
  more=$((more * 2))
  fetch --deepen="$more"
done
if ! has && [ -f .git/shallow ]; then fetch --unshallow; fi
has || git fetch -q origin "+refs/tags/$ref:refs/tags/$ref" 2>/dev/null || git fetch -q origin "$target" 2>/dev/null || :
has || fail "the repository has no commit $target (any more)\${branch:+; the branch is $branch}"
commit=$(git rev-parse --verify --end-of-options "$target^{commit}")
git fetch -q origin '+refs/notes/*:refs/notes/*' 2>/dev/null || :
[ -z "$branch" ] || git symbolic-ref HEAD "refs/heads/$branch"
git checkout -q --detach "$commit" >&2
for each in $RUNNER_GIT_FETCH; do
  git fetch -q origin "+refs/heads/$each:refs/heads/$each" >&2
done
if [ -f .gitmodules ] && [ "$RUNNER_GIT_SUBMODULES" != no ]; then
  # A repository from elsewhere does not reach those of this machine.
  case $uri in
    /* | ./* | ../* | file://*) ;;
    *:*) export GIT_ALLOW_PROTOCOL=https:http:ssh:git ;;
  esac
  set -f
  IFS='
'
  set -- $RUNNER_GIT_SUBMODULE_PATHS
  unset IFS
  set +f
  git submodule --quiet sync >&2
  git submodule --quiet update --init $RUNNER_GIT_SUBMODULE_FLAGS \${depth:+--depth=$depth} -- "$@" >&2
fi
describe=$(git describe --tags --always)
git tag --points-at HEAD | paste -s -d , - >.git/tags
if [ "$RUNNER_GIT_CLEAN_TAGS" = yes ]; then
  git for-each-ref --format='delete %(refname)' refs/tags | git update-ref --stdin
fi
printf '%s\n' "$ref" >.git/ref
printf '%s' "$RUNNER_GIT_SHORT_REF" >.git/short_ref
printf '%s\n' "$branch" >.git/branch
printf '%s\n' "$describe" >.git/describe_ref
printf '%s\n' "$commit" >.git/commit
git log -1 --format=format:%an >.git/author
git log -1 --format=format:%ai >.git/author_date
git log -1 --format=format:%ae >.git/committer
git log -1 --format=format:%cn >.git/committer_name
git log -1 --format=format:%ci >.git/committer_date
git log -1 --format=format:%B >.git/commit_message
git log -1 --format=%cd --date=iso8601 >.git/commit_timestamp
git log -1 --format=format:'%H%n%an%n%aI%n%B'
`;

/**
 * Pushes what the repository `inputs/…` has as HEAD; prints the commit. Only objects and refs are taken of it: a task in a
 * container may have written its configuration and hooks, which would be run here, outside of the container.
 */
export const putScript = sh`${begin}
root=$(CDPATH= cd -P -- "inputs/$RUNNER_GIT_ARTIFACT" && pwd -P)
[ -d "inputs/$RUNNER_GIT_REPOSITORY" ] || fail "the artifacts have no folder $RUNNER_GIT_REPOSITORY"
given=$(CDPATH= cd -P -- "inputs/$RUNNER_GIT_REPOSITORY" && pwd -P)
case $given/ in
  "$root"/*) ;;
  *) fail "$RUNNER_GIT_REPOSITORY leads out of the artifact $RUNNER_GIT_ARTIFACT" ;;
esac
[ ! -d "$given/.git" ] || given=$given/.git
if [ ! -f "$given/HEAD" ] || [ ! -d "$given/objects" ] || [ ! -d "$given/refs" ]; then
  fail "$RUNNER_GIT_REPOSITORY is not the folder of a repository"
fi
if [ -n "$(find "$given" -maxdepth 0 -type l)" ] || [ -n "$(find "$given/" -type l)" ] ||
  [ -e "$given/objects/info/alternates" ] || [ -e "$given/commondir" ]; then
  fail "$RUNNER_GIT_REPOSITORY takes parts of other folders by links or alternates: make it a clone of its own"
fi
mkdir "$work/repo"
cd "$work/repo"
git init -q --template= .
mkdir -p .git/objects/info
printf '%s\n' "$given/objects" >.git/objects/info/alternates
cp -R -- "$given/refs/." .git/refs/
for file in packed-refs shallow HEAD; do
  [ ! -f "$given/$file" ] || cat -- "$given/$file" >".git/$file"
done
commit=$(git rev-parse --verify -q 'HEAD^{commit}') || fail "$RUNNER_GIT_REPOSITORY has no commit"
git update-ref --no-deref HEAD "$commit"
tag() {
  [ -n "$RUNNER_GIT_TAG" ] || return 0
  if [ "$RUNNER_GIT_ANNOTATED" = yes ]; then
    git tag -f -a -m "$RUNNER_GIT_ANNOTATION" -- "$RUNNER_GIT_TAG" HEAD >&2
  else
    git tag -f -- "$RUNNER_GIT_TAG" HEAD >&2
  fi
}
# On top of what is there, or with it in a commit of both.
join() {
  git reset -q --hard HEAD >&2
  if [ "$RUNNER_GIT_JOIN" = rebase ]; then
    git rebase -q --rebase-merges refs/runner/upstream >&2
  else
    git reset -q --hard "$commit" >&2
    git merge -q --no-edit -m "Merge branch '$branch' of $uri" refs/runner/upstream >&2
  fi
}
force=
[ "$RUNNER_GIT_FORCE" = no ] || force=--force
if [ "$RUNNER_GIT_ONLY_TAG" = yes ]; then
  tag
  git push -q --tags $force -- "$uri" >&2
elif [ -n "$RUNNER_GIT_JOIN" ]; then
  tries=0
  while :; do
    git fetch -q --no-tags -- "$uri" "+refs/heads/$branch:refs/runner/upstream" >&2
    join
    tag
    if git push -q --tags $force -- "$uri" "HEAD:refs/heads/$branch" 2>"$work/push" >&2; then break; fi
    cat "$work/push" >&2
    tries=$((tries + 1))
    # Only somebody else's push in between is a reason to go on.
    grep -Eq '\[rejected\]|\[remote rejected\].*cannot lock ref' "$work/push" || exit 1
    [ $tries -lt 10 ] || fail 'others have pushed in between ten times'
  done
else
  tag
  git push -q --tags $force -- "$uri" "HEAD:refs/heads/$branch" >&2
fi
if [ "$RUNNER_GIT_UNMERGED" = yes ]; then printf '%s\n' "$commit"; else git rev-parse HEAD; fi
`;
