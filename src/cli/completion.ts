// `runner completion`: prints what a shell needs to complete commands, options, their values and pipeline names.

import { Argument, InvalidArgumentError, type Command } from "commander";
import { didYouMean } from "../core/did-you-mean.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { renderBash } from "./completion/bash.ts";
import { readCommandTree } from "./completion/command-tree.ts";
import { renderFish } from "./completion/fish.ts";
import { renderZsh } from "./completion/zsh.ts";

const shells = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;
const shellNames = Object.keys(shells) as (keyof typeof shells)[];

/** What the scripts themselves ask for: names of pipelines, one a line. */
const pipelineNames = "pipelines";
const patienceMs = 1000;

const help = `
bash   add to ~/.bashrc:  source <(runner completion bash)
zsh    add to ~/.zshrc, after compinit:  source <(runner completion zsh)
fish   runner completion fish > ~/.config/fish/completions/runner.fish`;

export function addCompletionCommand(program: Command, context: CommandContext): void {
  const shell = new Argument("<SHELL>", "bash, zsh or fish").argParser(parseShell);
  shell.argChoices = [...shellNames];
  addClientFlags(
    program.command("completion").description("print a script that completes commands in bash, zsh or fish"),
  )
    .addArgument(shell)
    .addHelpText("after", help)
    .action(async (name: string, flags: ClientFlags) => {
      const { out } = context.terminal;
      const shellName = shellNames.find((each) => each === name);
      await out.write(shellName ? shells[shellName](readCommandTree(program)) : await listNames(context, flags));
      context.end(0);
    });
}

function parseShell(text: string): string {
  if (text === pipelineNames || shellNames.some((name) => name === text)) return text;
  const near = didYouMean(text, shellNames);
  throw new InvalidArgumentError(`${near ? `Did you mean ${near}? ` : ""}Known are ${shellNames.join(", ")}.`);
}

/** Nothing where no server answers in time: whoever presses the tab key wants no message. */
async function listNames(context: CommandContext, flags: ClientFlags): Promise<string> {
  try {
    const client = await connect(context, flags);
    const pipelines = await client.listPipelines(AbortSignal.timeout(patienceMs));
    // Shells expand what they are offered, so only what can be a pipeline's name.
    const names = pipelines.map(({ id }) => id).filter((id) => /^[\w./-]+$/.test(id));
    return names.map((name) => `${name}\n`).join("");
  } catch {
    return "";
  }
}
