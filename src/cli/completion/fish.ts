// Completion for fish: one `complete` for each command and each option.

import type { CompletedCommand, CompletedOption, ValueKind } from "./command-tree.ts";

export function renderFish(commands: readonly CompletedCommand[]): string {
  return `# Completion of runner for fish, made by \`runner completion fish\`.
complete -c runner -f
complete -c runner -n __fish_use_subcommand -l help -s h -d 'print help'
complete -c runner -n __fish_use_subcommand -l version -s V -d 'print the version'
${commands.flatMap(commandLines).join("\n")}
`;
}

function commandLines({ names, description, options, args }: CompletedCommand): readonly string[] {
  const within = `complete -c runner -n '__fish_seen_subcommand_from ${names.join(" ")}'`;
  return [
    ...names.map((name) => `complete -c runner -n __fish_use_subcommand -a ${name} -d ${single(description)}`),
    ...options.map((option) => `${within} ${optionWords(option)}`),
    ...new Set(args.map((kind) => valueWords(kind)).filter((words) => words !== ""))
      .values()
      .map((words) => `${within} ${words}`),
  ];
}

function optionWords({ names, description, value }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const takes = value === null ? [] : ["-r", valueWords(value) || "-f"];
  return [...flags, ...takes, "-d", single(description)].join(" ");
}

/** What is offered; nothing where it is free text. */
function valueWords(kind: ValueKind): string {
  switch (kind) {
    case "none":
      return "";
    case "files":
      return "-F";
    case "folders":
      return "-f -a '(__fish_complete_directories)'";
    case "pipelines":
      return "-f -a '(runner completion pipelines 2>/dev/null)'";
    case "pipelines-or-files":
      return "-F -a '(runner completion pipelines 2>/dev/null)'";
    default:
      return `-f -a ${single(kind.join(" "))}`;
  }
}

function single(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
}
