// pipelines/runner.d.ts, which editors read, against what a script really finds.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import type { GuestCall, GuestDelivery } from "../../../src/sandbox/sandbox.ts";
import { answerWithNothing, githubPush, ScriptRunner } from "../../fixtures/harness/script-runner.ts";

const root = join(import.meta.dir, "../../..");
const typesFile = join(root, "pipelines/runner.d.ts");
const seedDir = join(root, "test/fixtures/seed-001/pipelines");

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "runner-types-"));
  for (const name of ["runner.d.ts", "tsconfig.json"]) await cp(join(root, "pipelines", name), join(dir, name));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The complaints of the type checker about files beside runner.d.ts, as an editor without other types sees them. */
async function complaintsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const child = Bun.spawn([process.execPath, "check", "--no-pretty", "--all", "-p", dir], {
    cwd: dir,
    stdout: "pipe",
    stderr: "pipe",
  });
  const outputs = [new Response(child.stdout).text(), new Response(child.stderr).text()];
  const text = (await Promise.all(outputs)).join("\n");
  const code = await child.exited;
  for (const name of Object.keys(files)) await rm(join(dir, name));
  const complaints = text.split("\n").filter((line) => /\berror TS\d+/.test(line));
  if (code !== 0 && complaints.length === 0) throw new Error(`bun check failed: ${text}`);
  return complaints;
}

interface Members {
  readonly [path: string]: readonly string[];
}

const answers: Readonly<Record<string, unknown>> = {
  "volumes.create": { name: "v", path: "/v" },
  "runtime.startSandbox": { id: "s" },
};

function answer(call: GuestCall): GuestDelivery | undefined {
  const fetched = { url: "http://h/", redirected: false, status: 200, statusText: "", headers: {}, text: "{}" };
  const value =
    call.kind === "fetch"
      ? fetched
      : (answers[call.name] ?? answers[call.name === "img" ? "runtime.startSandbox" : ""]);
  if (value === undefined) return answerWithNothing(call);
  return { type: "result", call: call.number, ok: true, value: value as never };
}

/** What is there in a script: the globals that JavaScript itself has not, and the members of each object. */
async function readGuest(): Promise<{ readonly globals: readonly string[]; readonly members: Members }> {
  const runner = new ScriptRunner(1);
  const standard = runInNewContext("Object.getOwnPropertyNames(globalThis)") as readonly string[];
  const script = `
    const membersOf = (value) => {
      const chain = [value];
      const up = Object.getPrototypeOf(value);
      if (up !== null && up !== Object.prototype) chain.push(up);
      return [...new Set(chain.flatMap(Object.getOwnPropertyNames))].filter((name) => name !== "constructor").sort();
    };
    const own = (made) => Object.getOwnPropertyNames(made).filter((name) => !["length", "name", "prototype"].includes(name));
    export const pipeline = async () => {
      const values = {
        http, runtime, signal, events, pipeline: globalThis.pipeline, storage, assert, console, crypto, volumes, artifacts, YAML, yaml, pipelineContext,
        HttpRequest: http.request(), Volume: await volumes.create(), Sandbox: await runtime.startSandbox({ image: "img" }),
        FetchAnswer: await fetch("http://h/"),
        URL: new URL("http://h/"), URLSearchParams: new URLSearchParams(),
        TextEncoder: new TextEncoder(), TextDecoder: new TextDecoder(),
      };
      const members = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, membersOf(value)]));
      return {
        globals: Object.getOwnPropertyNames(globalThis),
        members: { ...members, "typeof URL": own(URL), "typeof URLSearchParams": own(URLSearchParams) },
      };
    };`;
  try {
    const { end } = await runner.run(script, { request: githubPush, answer });
    if (end.type !== "returned") throw new Error(JSON.stringify(end));
    const found = end.value as unknown as { globals: readonly string[]; members: Members };
    // The engine's own error class, which no script makes.
    const globals = found.globals.filter((name) => !standard.includes(name) && name !== "InternalError");
    // console is in both.
    return { globals: [...new Set([...globals, "console"])].sort(), members: found.members };
  } finally {
    runner.close();
  }
}

describe("against the sandbox", () => {
  let guest: Awaited<ReturnType<typeof readGuest>>;
  beforeAll(async () => {
    guest = await readGuest();
  });

  test("it declares every global that a script finds, and no other", async () => {
    const declared = (await readFile(typesFile, "utf8")).matchAll(/^declare (?:const|function|class|var|let) (\w+)/gm);
    const names = [...new Set([...declared].map(([, name = ""]) => name))];
    expect(names.sort()).toEqual([...guest.globals]);
  });

  test("each object has the members that it declares, and no others", async () => {
    // What is left out on purpose: inner workings that a script has no use for.
    const hidden: Members = {
      URL: ["part", "change"],
      URLSearchParams: ["replaceAll"],
      "typeof URLSearchParams": ["tied"],
    };
    const lines = Object.entries(guest.members).map(([name, found]) => {
      const names = found.filter((member) => !hidden[name]?.includes(member));
      const isValue = /^[a-z]/.test(name) || name === "YAML";
      const type = isValue && !name.startsWith("typeof") ? `typeof ${name}` : name;
      const real = names.map((member) => JSON.stringify(member)).join(" | ") || "never";
      const declared = `Exclude<keyof (${type}), symbol | "prototype">`;
      const different = `[undeclared: Exclude<${real}, ${declared}>, absent: Exclude<${declared}, ${real}>]`;
      return `export const of_${name.replaceAll(/\W/g, "_")}: [never, never] = null as unknown as ${different};`;
    });
    expect(await complaintsOf({ "members.ts": lines.join("\n") })).toEqual([]);
  });
});

/** Each global at least once, in the ways that the README shows. */
const everything = `
import { helper } from "./helper.ts";
export const config = {
  webhook: { provider: "github", secret: "env:S", stream: true },
  params: { target: { type: "string", enum: ["nas", "pi"], default: "nas", description: "where to" }, keep: { type: "number", required: true } },
  timeout: "30m", memory: "128MiB", priority: 1,
  concurrency: { key: "deploy-\${payload.ref}", limit: 1, onConflict: "cancel-running" },
  schedule: ["@daily", { cron: "0 3 * * *", timezone: "UTC", jitter: "5m", catchUp: "last", overlap: true, params: { keep: 1 } }],
  after: { pipeline: "build", status: ["failed", "timed_out"] },
} satisfies PipelineConfig;

export const pipeline = async () => {
  const request = http.request();
  http.respond({ status: 200, body: JSON.stringify({ event: request?.eventType }), headers: { "Content-Type": "application/json" } });
  http.respond();
  if (!webhookTrigger('payload.ref == "refs/heads/main"')) return "nothing";
  const { target, keep } = pipelineContext.params;
  const local = await runtime.run({ name: "l", command: "make", env: { TARGET: target, KEEP: keep, NONE: undefined }, timeout: 500, onOutput: (stream, text) => console.log(stream, text) });
  assert.equal(local.code, 0, "failed");
  const volume = await volumes.create({ name: "src" });
  await runtime.run({ command: "ls", workDir: volume.path, mounts: { src: { source: volume, move: true } } });
  await runtime.run({ image: "golang:1.22", command: { path: "go", args: ["test", 1], user: 1000 }, mounts: { src: volume, "/data": { source: "/srv", readOnly: true } }, workDir: "src", containerLimits: { cpu: 0.5, memory: "512MiB" }, privileged: false, pull: "never", stdin: "x" });
  const files = await volume.readFiles("a.txt", ["b.txt"]);
  const more: string | undefined = (await volumes.readFiles(volume, "a.txt"))["a.txt"];
  const sandbox = await runtime.startSandbox({ image: "alpine", mounts: { src: volume } });
  const { stdout } = await sandbox.exec({ command: "ls", workDir: "/src" });
  await sandbox.close();
  await artifacts.save("report.txt", stdout + (files["a.txt"] ?? "") + (more ?? ""));
  const { bytes } = await artifacts.save("a", { volume, path: "a.txt" });
  const answer = await fetch("https://ntfy.example.org/x", { method: "POST", body: "hi", headers: { Title: "x", Authorization: { secret: "env:T", prefix: "Bearer " } }, timeout: "5s" });
  if (!answer.ok) throw new Error(\`\${answer.status} \${await answer.text()}\`);
  const data: { a: number } = await answer.json();
  await fetch("https://h/", { retry: { attempts: 3, on: [503, "FETCH_TIMEOUT"] }, onInterrupt: "retry" });
  await runtime.run({ command: "make", retry: { attempts: 5, backoff: "exponential", initial: "2s", max: "10m", jitter: 0.1, on: [75] }, onInterrupt: "fail" });
  const parts: string[] = await step("parts", async () => [(await runtime.run({ command: "ls", retry: 3 })).stdout], { retry: 2 });
  const sum: number = parts.length + (await step("sum", () => 5));
  const type = answer.headers["Content-Type"] ?? answer.headers.get("content-type");
  const parsed = YAML.parse("a: 1").a + yaml.stringify({ data, type });
  const runs = (storage.get("runs") ?? 0) + bytes;
  await storage.set("runs", runs);
  await storage.delete("x");
  const { id: announced } = await events.emit("deploy.done", { host: "nas" });
  console.log(announced, (await events.emit("deploy.begun")).id);
  storage.list("r");
  await sleep("2s");
  const { approved, by, comment } = await approval({ name: "deploy", message: "Deploy?", timeout: "4h", onTimeout: "approve" });
  if (!approved) throw new Error(by + (comment ?? ""));
  await runtime.gate("release", { message: "Ship?", timeout: 500 });
  const ready: { build: number } = await signal.wait("ready", { timeout: "2h" });
  const ended = await triggerPipeline("home/backup", { params: { target, keep: ready.build }, args: ["x", 1] });
  if (ended.status !== "succeeded") throw new Error(ended.error?.message);
  const { id: started } = await triggerPipeline("other", { wait: false });
  console.log(started, ended.result, (await signal.wait("any")) as unknown);
  const timer = setTimeout((word: string) => console.warn(word), 5, "x");
  clearTimeout(timer);
  clearInterval(setInterval(() => {}, 5));
  clearImmediate(setImmediate(() => queueMicrotask(() => {})));
  crypto.getRandomValues(new Uint8Array(4));
  const hex = await crypto.hmac("sha256", { secret: "env:K" }, new TextEncoder().encode(crypto.randomUUID()));
  const url = new URL("../x", "http://h/");
  for (const [name, value] of url.searchParams) console.info(name, value);
  new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(2));
  return structuredClone({ hex, parsed, sum, plain: atob(btoa("x")), url: url.href, helper: helper(), at: new Date() });
};`;

describe("as an editor without other types uses it", () => {
  test("a script that uses all of it has no errors", async () => {
    const helper = "export const helper = (): number => pipelineContext.args.length;";
    expect(await complaintsOf({ "everything.ts": everything, "helper.ts": helper })).toEqual([]);
  });

  test.each([
    "http.response({ status: 200 })",
    "http.respond({ body: { ok: true } })",
    "http.request().body",
    'runtime.run({ name: "no command" })',
    'runtime.run({ cmd: "ls" })',
    'runtime.run({ command: "ls", privileged: true })',
    'runtime.run({ command: "ls", image: "alpine", pull: "sometimes" })',
    'runtime.run({ command: ["ls", "-l"] })',
    'runtime.run({ command: "ls" }).stdout',
    'runtime.run({ command: "ls", retry: { tries: 3 } })',
    'runtime.run({ command: "ls", onInterrupt: "again" })',
    'step("name")',
    'step("name", 5)',
    'step("name", () => 1, { timeout: "5s" })',
    '(await step("name", () => 1)).length',
    'fetch("http://h/", { json: {} })',
    'fetch("http://h/", { body: { a: 1 } })',
    'storage.set("key")',
    "events.emit()",
    'events.emit("a.b", "text")',
    'artifacts.save("name")',
    "sleep()",
    "approval()",
    'approval({ message: "no name" })',
    'approval({ name: "x", onTimeout: "ask" })',
    "signal.wait()",
    'triggerPipeline("x", { param: {} })',
    '(await triggerPipeline("x", { wait: false })).status',
    'process.env["HOME"]',
    'require("fs")',
    'import("node:fs")',
    "document.title",
    "new XMLHttpRequest()",
    "const config = { webhok: {} } satisfies PipelineConfig",
    'const config = { webhook: { provider: "gitlub" } } satisfies PipelineConfig',
  ])("%s is marked", async (wrong) => {
    const complaints = await complaintsOf({ "wrong.ts": `export const pipeline = async () => {\n${wrong};\n};\n` });
    expect(complaints.length).toBeGreaterThan(0);
  });
});

describe("with real scripts", () => {
  test("the shipped examples have no errors", async () => {
    const child = Bun.spawn([process.execPath, "check", "--no-pretty", "-p", join(root, "pipelines")], {
      stderr: "pipe",
    });
    const output = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
    expect([await child.exited, output]).toEqual([0, output]);
  });

  test("those of the contract have none either", async () => {
    for (const name of await readdir(seedDir)) {
      const text = await readFile(join(seedDir, name), "utf8");
      expect(await complaintsOf({ [name]: text })).toEqual([]);
    }
  });
});
