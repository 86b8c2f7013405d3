// Reads what `bun test` says of its tests: the summary it prints and its JUnit report.

import type { Tally } from "./tally.ts";

/**
 * The counts of the printed summary; it counts files that do not load, which the report leaves out. A run without a
 * summary, or with an exit code that its counts do not explain, has at least one failure.
 */
export function parseSummary(output: string, ok: boolean, skipped: readonly string[]): Tally {
  const count = (word: string) => {
    const lines = [...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))];
    return Number(lines.at(-1)?.[1] ?? 0);
  };
  const failed = Math.max(count("fail"), ok ? 0 : 1);
  return { passed: count("pass"), failed, skipped };
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (entities[name ?? ""] ?? whole) : String.fromCodePoint(Number(code)),
  );
}

/** `group > title` of each test that the JUnit report calls skipped. */
export function parseSkippedTitles(xml: string): string[] {
  const cases = xml.matchAll(/<testcase ([^>]*[^/>])>\s*<skipped/g);
  return [...cases].map(([, attributes = ""]) => {
    const get = (name: string) => decodeEntities(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    return [get("classname"), get("name")].filter((part) => part !== "").join(" > ");
  });
}
