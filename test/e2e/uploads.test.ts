// Uploads against the binary: as seed 001 has them, with hostile names and files, under load, and across kills.

import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const answering = (text: string): string =>
  `export const pipeline = () => { http.respond({ status: 200, body: ${JSON.stringify(text)} }); };\n`;
const sign = (body: string, secret: string): RequestInit => ({
  body,
  headers: { "x-webhook-signature": createHmac("sha256", secret).update(body).digest("hex") },
});

interface Uploaded {
  readonly status: number;
  readonly code?: string;
  readonly change?: string;
  readonly detail?: string;
  readonly warnings?: readonly string[];
  readonly webhook?: { readonly url: string; readonly signed: boolean; readonly secret_from: string | null };
  readonly details?: { readonly problems: readonly { readonly file: string; readonly message: string }[] };
}

async function put(server: BinaryServer, id: string, upload: object): Promise<Uploaded> {
  const response = await fetch(`${server.url}/api/pipelines/${encodeURIComponent(id)}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    body: JSON.stringify(upload),
  });
  return { ...((await response.json()) as object), status: response.status };
}

async function call(server: BinaryServer, id: string, init: RequestInit = {}): Promise<string> {
  const response = await server.webhook(id, init);
  return response.ok ? await response.text() : `${response.status} ${((await response.json()) as Uploaded).code}`;
}

function listFolder(folder: string): string[] {
  return readdirSync(folder).sort();
}

describe("a server", () => {
  let server: BinaryServer;
  let workspace: Workspace;
  const url = (): string => server.url.replace("127.0.0.1", "localhost");
  beforeAll(async () => {
    server = await BinaryServer.start({ pipelines: { "lib/greet.ts": 'export const greet = () => "hello";' } });
    workspace = server.workspace;
  });
  afterAll(async () => {
    await server.remove();
  });

  test("takes seed 001's set-pipeline, verifies by its secret, and keeps that over a second one without", async () => {
    writeFileSync(workspace.path("my-pipeline.ts"), answering("one"));
    const command = ["set-pipeline", "my-pipeline.ts", "--server", url()];
    const first = await runBinary(workspace, [...command, "--webhook-secret", "my-secret-key"]);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain("my-pipeline created\n");
    const address = /^webhook +(\S+)$/m.exec(first.stdout)?.[1] ?? "";
    expect(address).toBe(`${url()}/api/webhooks/my-pipeline`);
    const body = '{"event": "push"}';
    const good = await fetch(address, { method: "POST", ...sign(body, "my-secret-key") });
    expect(await good.text()).toBe("one");
    expect(await call(server, "my-pipeline", { body })).toBe("401 SIGNATURE_INVALID");
    expect(await call(server, "my-pipeline", sign(body, "another"))).toBe("401 SIGNATURE_INVALID");

    writeFileSync(workspace.path("my-pipeline.ts"), answering("two"));
    expect((await runBinary(workspace, command)).stdout).toContain("my-pipeline updated\n");
    expect(await call(server, "my-pipeline", { body })).toBe("401 SIGNATURE_INVALID");
    expect(await call(server, "my-pipeline", sign(body, "my-secret-key"))).toBe("two");

    expect((await runBinary(workspace, command)).stdout).toContain("my-pipeline unchanged\n");
    await runBinary(workspace, [...command, "--no-webhook-secret"]);
    expect(await call(server, "my-pipeline", { body })).toBe("two");
  });

  test("takes a file from curl -T and removes it with curl -X DELETE", async () => {
    writeFileSync(workspace.path("up.ts"), `import { greet } from "./lib/greet";\n// ä\n${answering("curl")}greet();`);
    const curl = (...args: string[]): string => {
      const token = `Authorization: Bearer ${server.token}`;
      const out = Bun.spawnSync(["curl", "-sS", "-w", "\n%{http_code}", "-H", token, ...args], { cwd: workspace.dir });
      return out.stdout.toString() + out.stderr.toString();
    };
    const address = `${server.url}/api/pipelines/from/curl`;
    expect(curl("-T", "up.ts", address)).toEndWith("\n400");
    expect(curl("-T", "up.ts", address)).toContain("in the server's pipelines folder already");
    expect(curl("-T", "up.ts", `${server.url}/api/pipelines/curl`)).toEndWith("\n201");
    expect(curl("--data-binary", "@up.ts", "-X", "PUT", `${server.url}/api/pipelines/curl`)).toEndWith("\n200");
    expect(readFileSync(join(workspace.pipelinesDir, "curl.ts"), "utf8")).toContain("// ä");
    expect(await call(server, "curl")).toBe("curl");
    expect(curl("-X", "DELETE", `${server.url}/api/pipelines/curl`)).toEndWith("\n204");
    expect(curl("-X", "DELETE", `${server.url}/api/pipelines/curl`)).toEndWith("\n404");
    expect(await call(server, "curl")).toBe("404 PIPELINE_NOT_FOUND");
  });

  test("shows where the secret is from and never what it is", async () => {
    const own = `export const config = { webhook: { secret: "env:HOME" } };\n${answering("x")}`;
    const secret = "hunter2-hunter2";
    const answers = [
      await put(server, "secret/upload", { source: answering("x"), webhook_secret: secret }),
      await put(server, "secret/file", { source: own, webhook_secret: secret }),
      await put(server, "secret/none", { source: answering("x") }),
      await put(server, "secret/unset", { source: answering("x"), webhook_secret: "env:E2E_NOT_SET" }),
      await put(server, "secret/refused", { source: "export const", webhook_secret: secret }),
      await put(server, "secret/../refused", { source: answering("x"), webhook_secret: secret }),
      await put(server, "secret/long", { source: answering("x"), webhook_secret: secret.repeat(1000) }),
    ];
    const refused = [undefined, undefined, undefined];
    expect(answers.map(({ webhook }) => webhook?.secret_from)).toEqual(["upload", "file", null, "upload", ...refused]);
    expect(answers.map(({ webhook }) => webhook?.signed)).toEqual([true, true, false, true, ...refused]);
    expect(answers[1]?.warnings?.[0]).toContain("the webhook secret in the file wins");
    expect(answers[3]?.warnings?.[0]).toContain("E2E_NOT_SET is not set");
    expect(await call(server, "secret/unset")).toBe("503 SECRET_MISSING");
    expect(await call(server, "secret/file", sign("b", workspace.dir))).toBe("x");
    const list = await (await server.request("GET", "/api/pipelines")).text();
    const check = await runBinary(workspace, ["check", "--json"]);
    const everything = [JSON.stringify(answers), list, check.stdout, server.output.stdout, server.output.stderr];
    for (const text of everything) expect(text).not.toContain("hunter2");
    expect(readFileSync(`/proc/${server.pid}/cmdline`, "utf8")).not.toContain("hunter2");
    expect(listFolder(join(workspace.pipelinesDir, "secret"))).toEqual(["file.ts", "none.ts", "unset.ts", "upload.ts"]);
  });

  test("keeps the secret of a file that is removed by hand, and forgets it with remove-pipeline", async () => {
    await put(server, "hand", { source: answering("x"), webhook_secret: "s" });
    rmSync(join(workspace.pipelinesDir, "hand.ts"));
    await eventually("removal", async () => (await call(server, "hand")).startsWith("404"));
    workspace.save("hand.ts", answering("back"));
    await eventually("return", async () => !(await call(server, "hand")).startsWith("404"));
    expect(await call(server, "hand")).toBe("401 SIGNATURE_INVALID");
    expect((await runBinary(workspace, ["remove-pipeline", "hand"])).code).toBe(0);
    workspace.save("hand.ts", answering("open"));
    await eventually("open pipeline", async () => (await call(server, "hand")) === "open");
  });

  test("refuses names that lead elsewhere, however they are written", async () => {
    const outside = join(workspace.dir, "outside");
    mkdirSync(outside);
    symlinkSync(outside, join(workspace.pipelinesDir, "out"));
    const before = listFolder(workspace.dir);
    const inFolder = listFolder(workspace.pipelinesDir);
    const paths = [
      "..%2fevil",
      "%2e%2e%2fevil",
      "%2e%2e/evil",
      "..%5cevil",
      "a%2f..%2f..%2fevil",
      "%2fetc%2fevil",
      `${encodeURIComponent(workspace.dir)}%2fevil`,
      "evil%00",
      "evil%00.ts",
      "evil%0a",
      "out/evil",
      "out/deep/evil",
      "lib/evil",
      ".evil",
      "_evil",
      "evil.ts",
      "node_modules/evil",
      "%ff",
      "%",
      "e".repeat(300),
      Array.from({ length: 40 }, () => "e").join("/"),
      "",
    ];
    for (const path of paths) {
      for (const method of ["PUT", "DELETE"]) {
        // --path-as-is: fetch would tidy the path up before sending it.
        const address = `${server.url}/api/pipelines/${path}`;
        const out = Bun.spawnSync([
          "curl",
          "-sS",
          "--path-as-is",
          "-o/dev/null",
          "-w%{http_code}",
          `-X${method}`,
          `-HAuthorization: Bearer ${server.token}`,
          "--data-binary",
          answering("evil"),
          address,
        ]);
        expect([path, method, out.stdout.toString()]).toEqual([path, method, expect.stringMatching(/^40[045]$/)]);
      }
    }
    expect([listFolder(outside), listFolder(workspace.dir), listFolder(workspace.pipelinesDir)]).toEqual([
      [],
      before,
      inFolder,
    ]);
    rmSync(join(workspace.pipelinesDir, "out"));
  });

  test("refuses hostile files, tells their final name, keeps what is in force, and answers others meanwhile", async () => {
    await put(server, "victim", { source: answering("good") });
    const hostile: Readonly<Record<string, string>> = {
      spins: "for (;;) {}",
      "spins in native code": "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);",
      "eats memory": "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));",
      recurses: "const f = () => f() + f(); f();",
      macro: 'import { greet } from "./lib/greet" with { type: "macro" }; greet();',
      outside: 'import text from "/etc/passwd" with { type: "text" }; console.log(text);',
      climbs: 'import x from "../../../../../etc/passwd"; console.log(x);',
      bun: 'import { file } from "bun"; console.log(file);',
      garbage: "\u0000\u0001\u0002\u007fELF\u0000",
      throws: "throw new Error('at load');",
      nothing: "",
    };
    for (const [what, source] of Object.entries(hostile)) {
      const refused = put(server, "victim", { source: `${source}\n${what === "nothing" ? "" : answering("bad")}` });
      expect(await call(server, "victim")).toBe("good");
      const { status, code, details } = await refused;
      expect([what, status, code]).toEqual([what, 400, "LOAD_FAILED"]);
      expect(new Set(details?.problems.map(({ file }) => file))).toEqual(new Set(["victim.ts"]));
      expect(JSON.stringify(details)).not.toContain("root:");
    }
    expect(await call(server, "victim")).toBe("good");
    expect(listFolder(workspace.pipelinesDir).filter((name) => name.startsWith("."))).toEqual([]);
  }, 60_000);

  test("refuses 10 MB without reading them", async () => {
    const large = workspace.path("large.ts");
    writeFileSync(large, `//${"x".repeat(10_000_000)}\n${answering("large")}`);
    const json = JSON.stringify({ source: "x".repeat(10_000_000) });
    expect((await server.request("PUT", "/api/pipelines/large", JSON.parse(json))).status).toBe(413);
    const out = Bun.spawnSync([
      "curl",
      "-sS",
      "-o/dev/null",
      "-w%{http_code}",
      `-HAuthorization: Bearer ${server.token}`,
      `-T${large}`,
      `${server.url}/api/pipelines/large`,
    ]);
    expect(out.stdout.toString()).toBe("413");
    expect((await runBinary(workspace, ["set-pipeline", "large.ts"])).stderr).toContain("at most 1 MiB");
    expect(existsSync(join(workspace.pipelinesDir, "large.ts"))).toBe(false);
  });

  test("takes 100 uploads at once, each in force when it is answered", async () => {
    const uploads = Array.from({ length: 100 }, async (_, index) => {
      const id = `many/p${index % 50}`;
      const { status } = await put(server, id, { source: answering(`v${index}`), webhook_secret: `s${index % 50}` });
      return [status < 300, await call(server, id, sign("b", `s${index % 50}`))] as const;
    });
    const results = await Promise.all(uploads);
    expect(results.filter(([ok, text]) => !ok || !/^v\d+$/.test(text))).toEqual([]);
    // One after the other for each pipeline, in the order they came: the later one is in force.
    const values = await Promise.all(
      Array.from({ length: 50 }, (_, index) => call(server, `many/p${index}`, sign("b", `s${index}`))),
    );
    expect(values).toEqual(Array.from({ length: 50 }, (_, index) => `v${index + 50}`));
  }, 60_000);

  test("is never open, broken or gone for a webhook while its pipeline is uploaded again and again", async () => {
    let going = true;
    const seen = new Map<string, number>();
    const storm = Array.from({ length: 4 }, async () => {
      while (going) {
        const unsigned = await call(server, "storm", { body: "b" });
        const signed = await call(server, "storm", sign("b", "stays"));
        for (const text of [`unsigned: ${unsigned}`, `signed: ${signed.replace(/\d+$/, "N")}`]) {
          seen.set(text, (seen.get(text) ?? 0) + 1);
        }
      }
    });
    await put(server, "storm", { source: answering("v0"), webhook_secret: "stays" });
    const extensions = [".ts", ".js"];
    for (let round = 1; round <= 40; round++) {
      const upload = { source: answering(`v${round}`), extension: extensions[round % 2], webhook_secret: "stays" };
      expect((await put(server, "storm", upload)).status).toBe(200);
      expect(await call(server, "storm", sign("b", "stays"))).toBe(`v${round}`);
    }
    going = false;
    await Promise.all(storm);
    for (const text of seen.keys()) {
      expect(text).toMatch(
        /^(?:unsigned: (?:401 SIGNATURE_INVALID|404 PIPELINE_NOT_FOUND)|signed: (?:vN|404 PIPELINE_NOT_FOUND))$/,
      );
    }
    expect(seen.get("signed: vN")).toBeGreaterThan(10);
    expect(server.output.stderr).not.toMatch(/pipeline=storm .*(?:does not load|same pipeline)/);
  }, 60_000);
});

test("a server that is killed while it takes uploads comes back with whole files and closed webhooks", async () => {
  const workspace = new Workspace({ "p0.ts": answering("by hand") });
  let server = await BinaryServer.start({ workspace });
  try {
    const answered = new Map<string, string>();
    for (let life = 0; life < 6; life++) {
      const uploads = Array.from({ length: 60 }, async (_, index) => {
        const text = `life ${life} upload ${index}`;
        const upload = { source: `${answering(text)}//${"x".repeat(20_000)}\n`, webhook_secret: `secret ${life}` };
        // Those in hand at the kill have no answer.
        const { status } = await put(server, `p${index % 6}`, upload).catch(() => ({ status: 0 }));
        if (status === 200 || status === 201) answered.set(`p${index % 6}`, text);
      });
      await Bun.sleep(20 + life * 25);
      await server.kill();
      await Promise.all(uploads);
      server = await BinaryServer.start({ workspace });
      for (const [id] of answered) {
        expect([id, await call(server, id)]).toEqual([id, "401 SIGNATURE_INVALID"]);
        const answers = await Promise.all(
          Array.from({ length: life + 1 }, (_, n) => call(server, id, sign("b", `secret ${n}`))),
        );
        expect(answers.filter((text) => /^life \d+ upload \d+$/.test(text))).toHaveLength(1);
      }
      const states = (await (await server.request("GET", "/api/pipelines")).json()) as {
        pipelines: { id: string; state: string; config: { webhook: { signed: boolean } } }[];
      };
      const open = states.pipelines.filter(({ config }) => !config.webhook.signed).map(({ id }) => id);
      expect(states.pipelines.every(({ state }) => state === "ok")).toBe(true);
      // What was there before and has never been answered for may still be open.
      expect(open.filter((id) => id !== "p0" || answered.has("p0"))).toEqual([]);
    }
  } finally {
    await server.remove();
  }
}, 60_000);

test("serve warns only of webhooks that nothing guards", async () => {
  const workspace = new Workspace({ "open.ts": answering("x") });
  const first = await BinaryServer.start({ workspace });
  await put(first, "closed", { source: answering("x"), webhook_secret: "s" });
  await first.stop();
  const second = await BinaryServer.start({ workspace });
  try {
    const warning = /anybody who reaches this server .*pipelines=(.*)$/m;
    expect(await eventually("warning", () => warning.exec(second.output.stderr)?.[1])).toBe("open");
    expect(await call(second, "closed")).toBe("401 SIGNATURE_INVALID");
  } finally {
    await second.remove();
  }
});
