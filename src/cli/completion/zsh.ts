// Completion for zsh: a function of its completion system, for a folder of fpath or to be sourced.

import type { CompletedCommand, CompletedOption, ValueKind } from "./command-tree.ts";

export function renderZsh(commands: readonly CompletedCommand[]): string {
  const described = commands.flatMap(({ names, description }) =>
    names.map((name) => `    ${single(`${name}:${description}`)}`),
  );
  return `#compdef runner
# Completion of runner for zsh, made by \`runner completion zsh\`.
_runner_pipelines() {
  local -a names
  names=(\${(f)"$($_runner_program completion pipelines 2>/dev/null)"})
  compadd -a names
}
_runner_pipelines_or_files() {
  _runner_pipelines
  _files
}
_runner() {
  local _runner_program=$words[1]
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments '--help[print help]' '--version[print the version]'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(renderCommand).join("\n")}
  esac
}
if [[ $funcstack[1] == _runner ]]; then _runner "$@"; else compdef _runner runner; fi
`;
}

function renderCommand({ names, options, args }: CompletedCommand): string {
  const specs = [
    ...options.flatMap(optionSpecs),
    ...args.map((kind, index) => single(`${index + 1}:${nameOf(kind)}:${actionOf(kind)}`)),
  ];
  return `    ${names.join("|")})\n      _arguments \\\n        ${specs.join(" \\\n        ")}\n      ;;`;
}

function optionSpecs({ names, description, value }: CompletedOption): readonly string[] {
  const text = description.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
  return names.map((name) => {
    const head = `${name}${value !== null && name.startsWith("--") ? "=" : ""}[${text}]`;
    // Given once, each option may be given again: some are lists.
    return single(value === null ? head : `*${head}:${nameOf(value)}:${actionOf(value)}`);
  });
}

function nameOf(kind: ValueKind): string {
  return typeof kind === "string" && kind !== "none" ? kind : "value";
}

function actionOf(kind: ValueKind): string {
  switch (kind) {
    case "none":
      return " ";
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "pipelines":
      return "_runner_pipelines";
    case "pipelines-or-files":
      return "_runner_pipelines_or_files";
    default:
      return `(${kind.join(" ")})`;
  }
}

function single(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
