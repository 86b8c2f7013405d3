// What of a running server's configuration can be taken over, and when it is.

import type { Config } from "../config.ts";
import { systemClock } from "../core/clock.ts";
import type { JsonValue } from "../core/json.ts";
import type { Engine } from "../engine/engine.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import type { OpenedParts } from "./opened-parts.ts";
import { ConfigReload, type ConfigSource } from "./reload-config.ts";
import { FileWatch } from "./watch-file.ts";

export type { ConfigSource } from "./reload-config.ts";

/** As the server runs by it: its parts look at these when they need them. */
export type LiveConfig = Omit<Config, "logLevel" | "targets" | "metadata" | "vars"> & {
  logLevel: Config["logLevel"];
  targets: Config["targets"];
  /** The same object always: its parts have it. */
  readonly metadata: Record<string, string>;
  /** Likewise. */
  readonly vars: Record<string, JsonValue>;
};

/** Returns what reads the configuration again when somebody asks. */
export async function openReload(
  live: LiveConfig,
  source: ConfigSource | null,
  { engine, logger }: { readonly engine: Pick<Engine, "targets" | "endpoints">; readonly logger: Logger },
  opened: OpenedParts,
): Promise<() => Promise<void>> {
  if (source === null) return () => Promise.resolve();
  const reload = new ConfigReload({
    config: { ...live, metadata: { ...live.metadata }, vars: { ...live.vars } },
    source,
    logger,
    live: {
      logLevel: ({ logLevel }) => void (live.logLevel = logLevel),
      metadata: ({ metadata }) => replaceFields(live.metadata, metadata),
      vars: ({ vars }) => replaceFields(live.vars, vars),
      targets: async ({ targets }) => {
        await engine.targets.replace(targets);
        live.targets = targets;
      },
      webhooks: async ({ webhooks }) => await engine.endpoints.replaceDeclared(webhooks),
    },
  });
  const onChange = (isThere: boolean): void => {
    // Somebody may be about to write it anew; without it every target would be gone, and what it was still to get.
    if (isThere) void reload.reload(false);
    else logger.warn(`${source.file} is gone: all stays as it was until it is back, or SIGHUP or a restart`);
  };
  const watch = await FileWatch.open({ file: source.file, clock: systemClock, onChange });
  opened.add(() => watch.close());
  return () => reload.reload(true);
}

function replaceFields<Value>(known: Record<string, Value>, given: Readonly<Record<string, Value>>): void {
  for (const name of Object.keys(known)) delete known[name];
  Object.assign(known, given);
}
