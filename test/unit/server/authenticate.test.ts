// The token.

import { expect, test } from "bun:test";
import { authenticate } from "../../../src/server/authenticate.ts";

test.each(["Bearer secret", "bearer secret", "BEARER   secret "])("%j is let in", (header) => {
  expect(() => authenticate(header, "secret")).not.toThrow();
});

test.each([
  null,
  "",
  "secret",
  "Bearer",
  "Bearer ",
  "Bearer secre",
  "Bearer secret2",
  "Basic secret",
  "Bearer secret x",
])("%j is refused with one and the same sentence", (header) => {
  expect(() => authenticate(header, "secret")).toThrow(
    expect.objectContaining({ code: "UNAUTHORIZED", message: "this needs the server's token" }),
  );
});

test("an empty token of the server lets nobody in", () => {
  for (const header of [null, "Bearer ", "Bearer"]) expect(() => authenticate(header, "")).toThrow();
});
