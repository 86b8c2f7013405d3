// `console`: its lines are part of the run's log.

import { formatArguments } from "./format-value.ts";
import { defineGlobal, host, stringifyJson } from "./host.ts";

type Level = "debug" | "info" | "warn" | "error";

function writer(level: Level): (...values: unknown[]) => void {
  return (...values) => {
    host("console", stringifyJson({ level, text: formatArguments(values) }));
  };
}

export function installConsole(): void {
  const counts = new Map<string, number>();
  defineGlobal("console", {
    log: writer("info"),
    info: writer("info"),
    debug: writer("debug"),
    trace: writer("debug"),
    warn: writer("warn"),
    error: writer("error"),
    dir: writer("info"),
    assert: (condition: unknown, ...values: unknown[]) => {
      if (!condition) writer("error")("Assertion failed:", ...values);
    },
    count: (label = "default") => {
      const count = (counts.get(String(label)) ?? 0) + 1;
      counts.set(String(label), count);
      writer("info")(`${label}: ${count}`);
    },
  });
}
