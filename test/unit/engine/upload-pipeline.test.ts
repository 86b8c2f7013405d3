// The order in which a file and its webhook's secret change, and what is left when the store fails half-way.

import { afterEach, describe, expect, test } from "bun:test";
import type { AppError } from "../../../src/core/app-error.ts";
import { PipelineUploader } from "../../../src/engine/upload-pipeline.ts";
import { UploadedSecrets } from "../../../src/engine/uploaded-secrets.ts";
import { type Catalog, openCatalog } from "../../../src/pipelines/pipelines.ts";
import { SecretBox } from "../../../src/secrets/secret-box.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";
import type { Write } from "../../../src/store/store.ts";
import { makeFolder, removeFolders } from "../../fixtures/pipelines/temporary-folder.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  removeFolders();
});

async function open(files: Readonly<Record<string, string>> = {}, given: Readonly<Record<string, string>> = {}) {
  const secrets = await UploadedSecrets.load({
    store: { webhookSecrets: { all: () => Promise.resolve(new Map(Object.entries(given))) }, commit: async () => {} },
    openBox: async () =>
      new SecretBox("the key of this test", (count) => crypto.getRandomValues(new Uint8Array(count))),
  });
  const commits: string[] = [];
  const setting = { fails: (_write: Write): boolean => false };
  const describeWrite = (write: Write): string => {
    const version = catalog.get("a")?.version?.bundle.code ?? "";
    return `${write.type} while ${/=> \(?(\d+)/.exec(version)?.[1] ?? "nothing"} is in force`;
  };
  const commit = (writes: readonly Write[]): Promise<void> => {
    if (writes.some(setting.fails)) return Promise.reject(new Error("the disk is full"));
    commits.push(...writes.filter(({ type }) => type !== "bundle.put" && type !== "event.put").map(describeWrite));
    return Promise.resolve();
  };
  const root = makeFolder(files);
  const catalog: Catalog = await openCatalog({
    root,
    lastGood: [],
    readExports: (bundle) => {
      const secret = /secret: "([^"]+)"/.exec(bundle.code)?.[1];
      const config = { webhook: secret === undefined ? {} : { secret } };
      return Promise.resolve({ ok: true, exports: { pipeline: "function", names: ["pipeline"], config } });
    },
    saveVersion: () => Promise.resolve(),
    findBundle: () => Promise.resolve(undefined),
    removeVersion: () => Promise.resolve(),
    findUploadedSecret: (id) => secrets.find(id),
    checkSecret: (reference) => (reference === "env:NONE" ? "the environment variable NONE is not set" : null),
    onChange: () => {},
    onError: () => {},
    rescanMs: 60_000,
  });
  closers.push(() => catalog.close());
  const uploader = new PipelineUploader({
    catalog,
    store: { commit },
    secrets,
    events: { commitVersion: async (_, writes) => await commit(writes) },
    redactor: new Redactor(),
    now: Date.now,
  });
  const upload = async (value: number, secret?: string | null, more = "") => {
    const source = `export const pipeline = () => ${value};\n${more}`;
    const webhookSecret = secret === undefined ? {} : { webhookSecret: secret };
    return await uploader.set("a", { source, extension: ".ts", ...webhookSecret });
  };
  return { root, catalog, secrets, commits, setting, uploader, upload };
}

const failure = async (work: Promise<unknown>): Promise<AppError> =>
  await work.then(
    () => Promise.reject(new Error("it should have failed")),
    (thrown: unknown) => thrown as AppError,
  );
const inForce = (catalog: Catalog): string => catalog.get("a")?.version?.bundle.code ?? "";
const ownSecret = 'export const config = { webhook: { secret: "env:OWN" } };';

describe("the secret of an uploaded pipeline", () => {
  test("is stored in one commit with the version, before the file is in force", async () => {
    const { upload, commits, secrets } = await open();
    expect(await upload(1, "s")).toEqual({ change: "created", warnings: [] });
    expect(commits).toEqual(["webhook_secret.put while nothing is in force", "version.put while nothing is in force"]);
    expect(secrets.find("a")).toBe("s");
  });

  test("is removed after the file that needs none is in force", async () => {
    const { upload, commits, secrets } = await open({ "a.ts": "export const pipeline = () => 1;" }, { a: "s" });
    expect((await upload(2, null)).change).toBe("updated");
    expect(commits).toEqual(["version.put while 1 is in force", "webhook_secret.remove while 2 is in force"]);
    expect(secrets.find("a")).toBeUndefined();
  });

  test("is kept where the upload says nothing of it", async () => {
    const { upload, secrets } = await open({ "a.ts": "export const pipeline = () => 1;" }, { a: "s" });
    await upload(2);
    expect(secrets.find("a")).toBe("s");
  });

  test("counts as a change where the file is the same", async () => {
    const { upload } = await open();
    await upload(1);
    const changes = [
      await upload(1, "s"),
      await upload(1, "s"),
      await upload(1),
      await upload(1, null),
      await upload(1, null),
    ];
    expect(changes.map(({ change }) => change)).toEqual(["updated", "unchanged", "unchanged", "updated", "unchanged"]);
  });

  test("stays as it was when the store fails, and so does the file", async () => {
    const { upload, setting, secrets, catalog } = await open(
      { "a.ts": "export const pipeline = () => 1;" },
      { a: "s" },
    );
    setting.fails = () => true;
    expect((await failure(upload(2, "t"))).message).toBe("the disk is full");
    expect([secrets.find("a"), inForce(catalog)]).toEqual(["s", expect.stringContaining("1")]);
  });

  test("is put back when the file cannot be put in place", async () => {
    const { upload, commits, secrets } = await open({ "a.ts/x.ts": "" }, { a: "s" });
    await failure(upload(2, "t"));
    expect(secrets.find("a")).toBe("s");
    expect(commits.map((each) => each.split(" ")[0])).toEqual([
      "webhook_secret.put",
      "version.put",
      "version.remove",
      "webhook_secret.put",
    ]);
  });

  test("guards still when its removal fails, and a second try removes it", async () => {
    const { upload, setting, secrets, catalog } = await open(
      { "a.ts": "export const pipeline = () => 1;" },
      { a: "s" },
    );
    setting.fails = ({ type }) => type === "webhook_secret.remove";
    await failure(upload(2, null));
    expect([secrets.find("a"), inForce(catalog)]).toEqual(["s", expect.stringContaining("2")]);
    setting.fails = () => false;
    expect((await upload(2, null)).change).toBe("updated");
    expect(secrets.find("a")).toBeUndefined();
  });

  test("loses to the one in the file, which is said, and said no more once it is removed", async () => {
    const { upload, catalog, secrets } = await open();
    const { warnings } = await upload(1, "s", ownSecret);
    expect(warnings).toEqual([expect.stringContaining("the webhook secret in the file wins")]);
    expect(catalog.get("a")?.problems).toMatchObject([{ severity: "warning", line: 2, column: 36 }]);
    expect(secrets.findSource("a", catalog.get("a")?.version?.config)).toBe("file");
    expect((await upload(1, null, ownSecret)).warnings).toEqual([]);
    expect(catalog.get("a")?.problems).toEqual([]);
  });

  test("is said to be of no use where it cannot be resolved", async () => {
    const { upload, catalog } = await open();
    expect((await upload(1, "env:NONE")).warnings).toEqual([
      "the secret given with the upload: the environment variable NONE is not set; until then its webhook answers 503 SECRET_MISSING",
    ]);
    expect(catalog.get("a")?.state).toBe("ok");
    expect((await upload(1, "env:SOME")).warnings).toEqual([]);
  });

  test.each(["", "  ", "env:", "env:a b", "file:relative", "x".repeat(4097), "a\0b", "a\ud800"])(
    "is refused as %j without being repeated",
    async (secret) => {
      const { upload, commits, catalog } = await open();
      const error = await failure(upload(1, secret));
      expect(error.code).toBe("VALIDATION_FAILED");
      if (secret.length > 8) expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain(secret);
      expect([commits, catalog.list()]).toEqual([[], []]);
    },
  );
});

describe("remove()", () => {
  test("removes the secret after the file", async () => {
    const { uploader, commits, secrets } = await open({ "a.ts": "export const pipeline = () => 1;" }, { a: "s" });
    await uploader.remove("a");
    expect(commits).toEqual(["webhook_secret.remove while nothing is in force"]);
    expect(secrets.find("a")).toBeUndefined();
  });

  test("removes a secret whose file was removed by hand, once", async () => {
    const { uploader, secrets } = await open({}, { a: "s" });
    await uploader.remove("a");
    expect(secrets.find("a")).toBeUndefined();
    expect((await failure(uploader.remove("a"))).code).toBe("PIPELINE_NOT_FOUND");
  });

  test("can be asked again where the secret could not be removed", async () => {
    const { uploader, secrets, setting } = await open({ "a.ts": "export const pipeline = () => 1;" }, { a: "s" });
    setting.fails = () => true;
    expect((await failure(uploader.remove("a"))).message).toBe("the disk is full");
    expect(secrets.find("a")).toBe("s");
    setting.fails = () => false;
    await uploader.remove("a");
    expect(secrets.find("a")).toBeUndefined();
  });

  test("does not take the secret of an upload that comes right after it", async () => {
    const { uploader, upload, secrets, catalog } = await open(
      { "a.ts": "export const pipeline = () => 1;" },
      { a: "s" },
    );
    await Promise.all([uploader.remove("a"), upload(2, "t")]);
    expect([secrets.find("a"), inForce(catalog)]).toEqual(["t", expect.stringContaining("2")]);
  });
});
