// The address of a pipeline's webhook.

import { expect, test } from "bun:test";
import { webhookPath, webhookUrl } from "../../../src/core/webhook-address.ts";

test.each([
  ["deploy", "/api/webhooks/deploy"],
  ["home/backup", "/api/webhooks/home/backup"],
  ["a b/ä?#%", "/api/webhooks/a%20b/%C3%A4%3F%23%25"],
])("webhookPath(%p) is %p", (id, path) => expect(webhookPath(id)).toBe(path));

test("webhookUrl() takes an address with a path, with and without a slash at its end", () => {
  expect(webhookUrl("https://example.org/runner", "x")).toBe("https://example.org/runner/api/webhooks/x");
  expect(webhookUrl("http://127.0.0.1:8080/", "x")).toBe("http://127.0.0.1:8080/api/webhooks/x");
});
