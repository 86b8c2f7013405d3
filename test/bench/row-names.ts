// The rows of the table, by the measurement of scripts/bench that gives them; the README has them in this order.

export const rowNames = {
  respond: ["webhook → respond, 32 connections", "webhook → respond, p99"],
  accept: ["webhook → 202, 8 connections, p50", "webhook → 202, p99"],
  duplicates: ["webhook → 202, duplicates known, 8 connections"],
  "no-op": ["journaled no-op step"],
  "three-steps": ["run of three no-op steps, trigger and wait"],
  conditions: ["condition of a webhook, compiled"],
  process: ["process step `true`"],
  container: ["container step `true`"],
  start: ["start to first answer"],
  idle: ["idle memory, all processes"],
  burst: ["500 at once, 8 steps at a time"],
  history: [
    "1,000,000 finished runs: trigger and wait",
    "1,000,000 finished runs: list of 50",
    "1,000,000 finished runs: list of 50 by pipeline and status",
    "1,000,000 finished runs: log of 1,000 lines",
  ],
  waiting: ["100,000 waiting runs: memory, all processes", "100,000 waiting runs: trigger and wait"],
  restart: ["restart with 10,000 unfinished runs, to a webhook's answer"],
  replay: ["replay of a journal"],
  logs: [
    "log of 60 MiB, read when stored",
    "log of 60 MiB, followed as steps write it",
    "100 runs followed at once, 10 lines/s each: delay, p50",
    "100 runs followed at once, 10 lines/s each: delay, p99",
  ],
  verification: [
    "webhook of 2 KB verified, slowest HMAC provider, one core",
    "webhook of 2 KB verified, discord (Ed25519), one core",
  ],
  deliveries: ["events to a local endpoint, each attempt on record"],
  "dead-endpoint": ["events to 99 endpoints beside a dead one"],
  redaction: ["redaction with 50 secrets"],
  compile: ["YAML pipeline of 2,000 lines, compiled"],
  graph: ["YAML graph of 100 jobs of a no-op step, each job"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
