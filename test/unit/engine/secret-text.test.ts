// Texts of steps that are, or hold, secrets: found where they are used, and shown to nobody.

import { expect, test } from "bun:test";
import { resolveText, type SecretScope } from "../../../src/engine/secret-text.ts";
import { resolveStepTexts, shownTexts, type StepArguments } from "../../../src/engine/step-arguments.ts";
import { rejection } from "../store/store-files.ts";

const scope: SecretScope = {
  pipeline: "ci",
  bundle: { code: 'const token = "secret:token", text = "hello";' },
  secrets: {
    resolve: async (reference) =>
      reference === "secret:token" ? { ok: true, value: "swordfish" } : { ok: false, message: `no ${reference}` },
  },
};
const token = { secret: "secret:token" };

test("a text that the script names as a reference is looked up; one that only looks like it is not", async () => {
  expect(await resolveText("secret:token", "x", scope)).toEqual({ text: "swordfish", isSecret: true });
  expect(await resolveText("hello", "x", scope)).toEqual({ text: "hello", isSecret: false });
  expect(await resolveText("secret:other", "x", scope)).toEqual({ text: "secret:other", isSecret: false });
});

test("of parts only the secrets are looked up, whatever the texts between them look like", async () => {
  const parts = ["secret:token", " ", token, "!"];
  expect(await resolveText({ parts }, "x", scope)).toEqual({ text: "secret:token swordfish!", isSecret: true });
  expect(await resolveText({ parts: ["a"] }, "x", scope)).toEqual({ text: "a", isSecret: false });
  const refused = await rejection(resolveText({ parts: [{ secret: "secret:none" }] }, "x", scope));
  expect(refused).toMatchObject({ code: "SECRET_MISSING", message: "x: no secret:none" });
});

const args: StepArguments = {
  command: { path: "sh", args: ["secret:token", token, { parts: ["-", token] }] },
  env: { A: "secret:token", B: { parts: ["b", token] } },
  stdin: token,
  output: false,
};

test("arguments of a command are just that, but for those that are made of secrets", async () => {
  expect(await resolveStepTexts(args, scope)).toEqual({
    command: { path: "sh", args: ["secret:token", "swordfish", "-swordfish"] },
    env: { A: "swordfish", B: "bswordfish" },
    stdin: "swordfish",
  });
  const absent = { command: { path: "sh", args: ["", { secret: "no" }] }, env: {}, output: false };
  expect(await rejection(resolveStepTexts(absent, scope))).toMatchObject({ message: "command.args[1]: no no" });
});

test("a step that needs its texts no more is shown without those that are secret", () => {
  expect(shownTexts(args)).toEqual({
    command: { path: "sh", args: ["secret:token", "***", "***"] },
    env: {},
    stdin: "***",
  });
  expect(shownTexts({ command: "echo", env: {}, stdin: "text", output: false })).toEqual({
    command: "echo",
    env: {},
    stdin: "text",
  });
});
