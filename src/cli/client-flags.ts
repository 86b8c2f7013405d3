// What the commands that talk to a running server have in common.

import type { Command } from "commander";
import { createApiClient, type ApiClient } from "./api-client.ts";
import type { CommandContext } from "./command-context.ts";
import { findServer } from "./find-server.ts";

export interface ClientFlags {
  readonly server?: string;
}

export function addClientFlags(command: Command): Command {
  return command.option("--server <URL>", "the server to talk to (default: RUNNER_SERVER, or the one running here)");
}

/** A client of the server meant. @throws {AppError} SERVER_NOT_FOUND, USAGE. */
export async function connect(context: CommandContext, flags: ClientFlags): Promise<ApiClient> {
  const { environment, cwd, fetch } = context;
  return createApiClient({ address: await findServer({ server: flags.server, environment, cwd }), fetch });
}
