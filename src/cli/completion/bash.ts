// Completion for bash (4 or newer): one function that goes by the words of the line.

import type { CompletedCommand, CompletedOption, ValueKind } from "./command-tree.ts";

export function renderBash(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap((command) => command.names).join(" ");
  return `# Completion of runner for bash, made by \`runner completion bash\`.
_runner() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} kind= words= options= valued= i place=0 arguments=()
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    mapfile -t COMPREPLY < <(compgen -W '${names} --help --version' -- "$cur")
    return
  fi
  # bash takes --option=value apart at the sign.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case \${COMP_WORDS[1]} in
${commands.map(renderCommand).join("\n")}
    *) return ;;
  esac
  if [[ " $valued " == *" $prev "* ]]; then
    _runner_value
  elif [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  else
    for (( i = 2; i < COMP_CWORD; i++ )); do
      if [[ " $valued " == *" \${COMP_WORDS[i]} "* ]]; then
        (( i++ ))
        if [[ \${COMP_WORDS[i]} == = ]]; then (( i++ )); fi
      elif [[ \${COMP_WORDS[i]} != -* ]]; then
        (( place++ ))
      fi
    done
    kind=\${arguments[place]}
    _runner_value
  fi
}
# Offers what \`kind\` says; \`words\` are the choices of an option.
_runner_value() {
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    pipelines*)
      mapfile -t COMPREPLY < <(compgen -W "$("\${COMP_WORDS[0]}" completion pipelines 2>/dev/null)" -- "$cur")
      if [[ $kind == pipelines-or-files && \${#COMPREPLY[@]} -eq 0 ]]; then kind=files; _runner_value; fi
      ;;
  esac
}
complete -F _runner runner
`;
}

function renderCommand({ names, options, args }: CompletedCommand): string {
  const valued = options.filter(({ value }) => value !== null);
  const cases = valued.flatMap(({ names: each, value }) => {
    const found = value === null ? "" : assignKind(value);
    return found === "" ? [] : [`        ${each.join("|")}) ${found} ;;`];
  });
  return `    ${names.join("|")})
      options='${allNames(options)}'
      valued='${allNames(valued)}'
      arguments=(${args.map((kind) => (typeof kind === "string" ? kind : "words")).join(" ")})
${choicesOf(args)}${cases.length === 0 ? "" : `      case $prev in\n${cases.join("\n")}\n      esac\n`}      ;;`;
}

function choicesOf(args: readonly ValueKind[]): string {
  const choices = args.find((kind) => typeof kind !== "string");
  return choices === undefined ? "" : `      words='${choices.join(" ")}'\n`;
}

function assignKind(kind: ValueKind): string {
  if (kind === "none") return "";
  return typeof kind === "string" ? `kind=${kind}` : `kind=words words='${kind.join(" ")}'`;
}

function allNames(options: readonly CompletedOption[]): string {
  return options.flatMap(({ names }) => names).join(" ");
}
