// Secrets of runs: they reach what they are for, and are found nowhere afterwards, over restarts too.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

const value = 'k3y/of+"the"=house ü';
const forms = [
  value,
  ...[0, 1, 2].map((before) =>
    Buffer.from("x".repeat(before) + value)
      .toString("base64")
      .slice(4, -4),
  ),
  Buffer.from(value).toString("hex"),
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
];

/** Every file below a folder that holds the secret in one of its forms; files may go meanwhile. */
function findSecret(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true)
    .filter((name) => {
      const bytes = readIfThere(join(folder, name));
      return forms.some((form) => bytes.includes(form));
    });
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

let harness: EngineHarness;

async function expectNoTrace(): Promise<void> {
  // The step's folder goes after its result, by itself.
  await until(() => findSecret(harness.folder).length === 0);
  expect(harness.logged.filter((line) => forms.some((form) => line.includes(form)))).toEqual([]);
}

describe("a secret", () => {
  beforeAll(async () => {
    harness = await EngineHarness.open({ environment: { HOUSE_KEY: value } });
    await harness.engine.setSecret({ name: "KEY", pipeline: null }, value);
    await harness.engine.setSecret({ name: "CODE", pipeline: null }, "c0de-of-7");
  });
  afterEach(expectNoTrace);
  afterAll(() => harness.close());

  test("reaches the environment, stdin and arguments of a step as a part of a text", async () => {
    const run = await harness.run(
      `const text = { parts: ["<", { secret: "secret:KEY" }, ">"] };
       const script = 'test "$A" = "$1" && test "$(cat)" = "$1" && echo "same $1"';
       const step = await runtime.run({
         command: { path: "sh", args: ["-c", script, "sh", text] }, env: { A: text }, stdin: text,
       });
       return [step.code, step.stdout];`,
    );
    expect(run.result).toEqual([0, "same <***>\n"]);
  });

  test("reaches a request by a part of its address and of a header, where a text among the parts is just a text", async () => {
    let asked: readonly (string | null)[] = [];
    using server = Bun.serve({
      port: 0,
      fetch: (request) => {
        asked = [new URL(request.url).searchParams.get("key"), request.headers.get("x-key")];
        return new Response("ok");
      },
    });
    const run = await harness.run(
      `const { status } = await fetch({ parts: ["http://localhost:${server.port}/a?key=", { secret: "secret:CODE" }] }, {
         headers: { "x-key": { parts: ["secret:CODE", "=", { secret: "secret:CODE" }] } },
       });
       return status;`,
    );
    expect(run.result).toBe(200);
    expect(asked).toEqual(["c0de-of-7", "secret:CODE=c0de-of-7"]);
    expect(run.steps.map(({ name }) => name)).toEqual([`GET http://localhost:${server.port}/a`]);
  });

  test("reaches a step by its environment and its stdin, named by a text or by an object", async () => {
    const run = await harness.run(
      `const named = { secret: "env:HOUSE_KEY", prefix: "Bearer " };
       const step = await runtime.run({
         command: 'test "$A" = "$B" && test "Bearer $A" = "$C" && test "$(cat)" = "$A" && echo same && echo "<$A>"',
         env: { A: "secret:KEY", B: "env:HOUSE_KEY", C: named },
         stdin: "secret:KEY",
       });
       return step;`,
    );
    expect(run.error).toBeNull();
    expect(run.result).toMatchObject({ code: 0, stdout: "same\n<***>\n" });
  });

  test("is masked in all that a run says: output in pieces, console, results, errors, storage, answers", async () => {
    const echo = `printf '%s' "$A" | head -c 9; sleep 0.2; printf '%s' "$A" | tail -c +10; echo; printf '%s' "$A" | base64; printf 'xx%s' "$A" | base64; printf '%s' "$A" | od -An -tx1 | tr -d ' \\n'; printf '%s' "$A" >&2`;
    const run = await harness.run(
      `const heard = [];
       const { stdout, stderr } = await runtime.run({ command: ${JSON.stringify(echo)}, env: { A: "secret:KEY" }, onOutput: (_, text) => heard.push(text) });
       const whole = ${JSON.stringify(value.slice(0, 7))} + ${JSON.stringify(value.slice(7))};
       console.log("logged", whole, encodeURIComponent(whole), JSON.stringify({ whole }));
       await storage.set("kept", { whole });
       await artifacts.save("free.txt", "nothing");
       http.respond({ status: 200, body: "answer " + whole });
       const seen = [stdout, stderr, heard.join(""), storage.get("kept")];
       await step("block " + whole, () => runtime.run({ name: "named " + whole, command: "true" }));
       if (!seen.flat().some((text) => String(text).includes("k3y"))) throw Object.assign(new Error("thrown " + whole), { hint: whole });
       return seen;`,
    );
    expect(run.error).toMatchObject({ message: "thrown ***", hint: "***" });
    expect(run.steps.map(({ name }) => name)).toContain("named ***");
    const log = (await harness.logs(run.id)).map(({ text }) => text).join("\n");
    expect(log).toContain('logged *** *** {"whole":"***"}');
    expect(log).not.toContain("k3y");
  });

  test("of a pipeline comes before one of all pipelines, and is no other's", async () => {
    const script = (name: string): string =>
      `export const pipeline = async () => {
        const { stdout } = await runtime.run({ command: 'printf %s "$A" | wc -c', env: { A: "secret:${name}" } });
        return Number(stdout);
      };`;
    await harness.add("mine", script("KEY"));
    await harness.add("other", script("ITS"));
    await harness.engine.setSecret({ name: "KEY", pipeline: "mine" }, "seven77");
    await harness.engine.setSecret({ name: "ITS", pipeline: "mine" }, "its own");
    const start = async (id: string) =>
      await harness.end((await harness.engine.trigger(id, { params: {}, args: [] })).runId);
    expect((await start("mine")).result).toBe(7);
    const other = await start("other");
    expect(other.error).toMatchObject({ code: "SECRET_MISSING" });
    expect(other.error?.message).toContain("env.A: there is no secret ITS");
    await harness.engine.removeSecret({ name: "KEY", pipeline: "mine" });
    expect((await start("mine")).result).toBe(Buffer.byteLength(value));
  });

  test("is not to be had by a text from outside that looks like its name", async () => {
    await harness.add(
      "titled",
      `export const config = { params: { title: { type: "string" } } };
       export const pipeline = async () => (await runtime.run({
         command: 'printf %s "$TITLE"',
         env: { TITLE: pipelineContext.params.title, USED: "secret:KEY" },
       })).stdout;`,
      { params: { title: { type: "string", required: true } } },
    );
    const titled = async (title: string) => {
      const { runId } = await harness.engine.trigger("titled", { params: { title }, args: [] });
      return (await harness.end(runId)).result;
    };
    for (const title of ["env:HOUSE_KEY", "secret:OTHER", "secret:KE", "file:/etc/hostname"]) {
      expect(await titled(title)).toBe(title);
    }
  });

  test("signs and is sent in a header, by name alone", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) =>
        Response.json({
          right: request.headers.get("x-key") === "key-of-the-house",
          echo: request.headers.get("x-key"),
        }),
    });
    await harness.engine.setSecret({ name: "PLAIN", pipeline: null }, "key-of-the-house");
    const run = await harness.run(
      `const plain = await fetch("http://127.0.0.1:${server.port}/", { headers: { "x-key": "secret:PLAIN" } });
       const named = await fetch("http://127.0.0.1:${server.port}/", { headers: { "x-key": { secret: "secret:PLAIN" } } });
       const mac = await crypto.hmac("sha256", { secret: "secret:PLAIN" }, "message");
       return [plain.json(), named.json(), mac];`,
    );
    await server.stop(true);
    const mac = new Bun.CryptoHasher("sha256", "key-of-the-house").update("message").digest("hex");
    const answered = { right: true, echo: "***" };
    expect([run.error, run.result]).toEqual([null, [answered, answered, mac]]);
  });

  test("is masked in the webhook that holds it, as the script sees that", async () => {
    await harness.add("hook", "export const pipeline = () => http.request();");
    const body = JSON.stringify({ sharedSecret: value });
    const answer = await harness.receive("hook", {
      url: `/api/webhooks/hook?token=${encodeURIComponent(value)}`,
      headers: { "x-token": value },
      query: { token: value },
      body: Buffer.from(body),
    });
    if (answer.type === "skipped") throw new Error("it has no condition");
    const run = await harness.end(answer.runId);
    expect(run.result).toMatchObject({
      body: '{"sharedSecret":"***"}',
      headers: { "x-token": "***" },
      query: { token: "***" },
    });
  });

  test("is told by no list, and of no use with another key", async () => {
    expect(JSON.stringify(harness.engine.listSecrets())).not.toContain("k3y");
    expect(harness.engine.listSecrets()).toContainEqual({
      name: "KEY",
      pipeline: null,
      updatedAt: expect.any(Number) as number,
    });
    expect(statSync(harness.path("secrets.key")).mode & 0o777).toBe(0o600);
  });
});

describe("a step that prints a secret over a restart", () => {
  afterEach(async () => {
    await expectNoTrace();
    await harness.close();
  });

  test("has it masked where it began before and ends after, with each byte told once", async () => {
    harness = await EngineHarness.open();
    await harness.engine.setSecret({ name: "KEY", pipeline: null }, value);
    const go = harness.path("go");
    const id = await harness.start(
      `const heard = [];
       const { stdout } = await runtime.run({
         command: 'printf "a%sb%s" "$A" "$A"; printf "c"; printf %s "$A" | head -c 9; while ! test -e ${go}; do sleep 0.02; done; printf %s "$A" | tail -c +10; echo "d$A"',
         env: { A: "secret:KEY" },
         onOutput: (_, text) => heard.push(text),
       });
       return [stdout, heard.join("")];`,
    );
    const said = async (): Promise<string> =>
      (await harness.logs(id))
        .filter(({ source }) => source === "stdout")
        .map(({ text }) => text)
        .join("");
    await until(async () => (await said()) === "a***b***c");
    harness = await harness.restart();
    await harness.write("go", "");
    const run = await harness.end(id);
    const all = "a***b***c***d***\n";
    expect([run.error, run.result, await said()]).toEqual([null, [all, all], all]);
  });

  test("goes on though the secret is gone, and though it is another one by then", async () => {
    harness = await EngineHarness.open({ environment: { GONE: "gone-by-then" } });
    const go = harness.path("go");
    const id = await harness.start(
      `const { stdout } = await runtime.run({
         name: "named gone-by-then",
         command: 'echo "$A"; while ! test -e ${go}; do sleep 0.02; done; echo end',
         env: { A: "env:GONE" },
       });
       await sleep("10ms");
       return stdout;`,
    );
    await until(async () => (await harness.logs(id)).some(({ text }) => text.includes("***")));
    harness = await harness.restart({ environment: {} });
    await harness.write("go", "");
    expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: "***\nend\n" });
  });

  test("in another attempt takes the bytes of that attempt", async () => {
    harness = await EngineHarness.open();
    await harness.engine.setSecret({ name: "KEY", pipeline: null }, value);
    const go = harness.path("go");
    const id = await harness.start(
      `const { stdout } = await runtime.run({
         command: 'echo "first $A"; test -e ${go}.1 || { touch ${go}.1; exit 1; }; echo "second $A"; while ! test -e ${go}; do sleep 0.02; done; echo "third $A"',
         env: { A: "secret:KEY" },
         retry: { attempts: 2, initial: "1ms" },
       });
       return stdout;`,
    );
    await until(async () => (await harness.logs(id)).some(({ text }) => text.includes("second")));
    harness = await harness.restart();
    await harness.write("go", "");
    expect((await harness.end(id)).result).toBe("first ***\nsecond ***\nthird ***\n");
    const log = (await harness.logs(id))
      .filter(({ source }) => source === "stdout")
      .map(({ text }) => text)
      .join("");
    expect(log).toBe("first ***\nfirst ***\nsecond ***\nthird ***\n");
  });
});
