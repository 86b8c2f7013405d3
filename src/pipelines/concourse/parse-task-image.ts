// `image_resource` of a task: the image of a registry that its container is made from.

import { describeValue, type FieldProblems } from "../../core/field-problem.ts";
import type { TaskImage } from "./plan.ts";

const form = "write { type: registry-image, source: { repository: alpine } }";
const signIn = "sign in to the registry on the machine, as with docker login";

/** What is wrong goes into `problems`; what is returned then is only good enough to go on. */
export function parseTaskImage(field: string, value: unknown, problems: FieldProblems): TaskImage {
  const given = problems.readObject(field, value, form);
  if (!given) return { repository: "" };
  problems.refuseUnknown(field, given, ["type", "source", "params", "version", "name"], []);
  const { type, version } = given;
  if (type === "mock") return readOwnImage(field, given["source"], problems);
  if (type !== "registry-image" && type !== "docker-image") {
    const message = type === undefined ? "is missing" : `must be registry-image, not ${describeValue(type)}`;
    problems.add(`${field}.type`, message, form);
    // Of another type the source says other things.
    if (type !== undefined) return { repository: "" };
  }
  const source = given["source"];
  if (source === undefined) problems.add(`${field}.source`, "is missing", form);
  const from = source === undefined ? undefined : problems.readObject(`${field}.source`, source, form);
  const pinned =
    version === undefined ? undefined : problems.readObject(`${field}.version`, version, "write { digest: … }");
  if (pinned) problems.refuseUnknown(`${field}.version`, pinned, ["digest"], []);
  if (!from) return { repository: "" };
  for (const name of ["username", "password"]) {
    if (name in from) problems.add(`${field}.source.${name}`, "is not supported", signIn);
  }
  problems.refuseUnknown(`${field}.source`, from, ["repository", "tag", "digest", "username", "password"], []);
  const { repository } = from;
  if (typeof repository !== "string" || repository === "") {
    const message = repository === undefined ? "is missing" : `must be a text, not ${describeValue(repository)}`;
    problems.add(`${field}.source.repository`, message, form);
  }
  const digest = pinned?.["digest"] ?? from["digest"];
  return {
    repository: typeof repository === "string" ? repository : "",
    ...readPart(`${field}.source.tag`, "tag", from["tag"], problems),
    ...readPart(`${field}.version.digest`, "digest", digest, problems),
  };
}

/** What Concourse's own examples run in: of a mock resource its image is the only one. */
function readOwnImage(field: string, source: unknown, problems: FieldProblems): TaskImage {
  const from = problems.readObject(`${field}.source`, source, form);
  if (from && from["mirror_self"] !== true) {
    problems.add(`${field}.source.mirror_self`, "must be true", "the image of a mock resource is its own");
  }
  return { repository: "concourse/mock-resource" };
}

/** `tag: 3` is a number in YAML. */
function readPart(
  field: string,
  name: "tag" | "digest",
  value: unknown,
  problems: FieldProblems,
): Partial<Record<"tag" | "digest", string>> {
  if (value === undefined) return {};
  if (typeof value === "number" || (typeof value === "string" && value !== "")) return { [name]: String(value) };
  problems.add(field, `must be a text, not ${describeValue(value)}`, "put it between quotes");
  return {};
}
