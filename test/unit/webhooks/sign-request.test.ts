import { describe, expect, test } from "bun:test";
import { type RequestToSign, signRequest } from "../../../src/webhooks/webhooks.ts";

const request = (parts: Partial<RequestToSign>): RequestToSign => ({
  provider: "github",
  secret: "It's a Secret to Everybody",
  eventType: "push",
  deliveryId: "d-1",
  body: Buffer.from("Hello, World!"),
  contentType: "text/plain",
  url: "https://box/api/webhooks/x",
  nowMs: 1_700_000_000_999,
  ...parts,
});
const signed = (parts: Partial<RequestToSign>) => signRequest(request(parts));

describe("signRequest()", () => {
  test("makes the published example of GitHub, with event and delivery", () => {
    expect(signed({}).headers).toEqual({
      "content-type": "text/plain",
      "x-github-event": "push",
      "x-github-delivery": "d-1",
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    });
  });

  test("signs with SHA-1 where that is asked for, and not otherwise", () => {
    expect(Object.keys(signed({ algorithm: "sha1" }).headers)).toContain("x-hub-signature");
    expect(Object.keys(signed({}).headers)).not.toContain("x-hub-signature");
  });

  test("writes the time in whole seconds, of Linear in milliseconds into the body", () => {
    expect(signed({ provider: "stripe" }).headers["stripe-signature"]).toStartWith("t=1700000000,v1=");
    expect(signed({ provider: "slack" }).headers["x-slack-request-timestamp"]).toBe("1700000000");
    const linear = signed({ provider: "linear", body: Buffer.from('{"webhookTimestamp":1,"type":"Issue"}') });
    expect(JSON.parse(Buffer.from(linear.body).toString())).toEqual({
      webhookTimestamp: 1_700_000_000_999,
      type: "Issue",
    });
  });

  test("signs for GitLab with a signing token where it is one, else sends the secret token", () => {
    const signing = signed({ provider: "gitlab", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }).headers;
    expect(signing["webhook-signature"]).toStartWith("v1,");
    expect(signing["x-gitlab-token"]).toBeUndefined();
    expect(signed({ provider: "gitlab", secret: "tok" }).headers).toMatchObject({ "x-gitlab-token": "tok" });
  });

  test("writes a token into the address, and keeps what is there", () => {
    const { url } = signed({ provider: "dockerhub", secret: "a&b", url: "https://box/x?c=1" });
    expect(url).toBe("https://box/x?c=1&token=a%26b");
  });

  test("refuses what only the sender can sign", () => {
    const message = /discord signs with a private key/;
    expect(() => signed({ provider: "discord", secret: "00".repeat(32) })).toThrow(message);
    expect(() => signed({ provider: "standard", secret: "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" })).toThrow(
      /private key/,
    );
  });

  test("refuses a secret that is none of the provider's, a body that it cannot write into, a provider nobody knows", () => {
    expect(() => signed({ provider: "standard", secret: "not base64!" })).toThrow("is none that standard signs with");
    expect(() => signed({ provider: "meraki" })).toThrow("the body has to be a JSON object");
    expect(() => signed({ provider: "nobody" })).toThrow('there is no provider "nobody"');
  });

  test("never repeats the secret in an error", () => {
    const attempt = (): unknown => signed({ provider: "standard", secret: "hunter2!" });
    expect(attempt).toThrow(expect.objectContaining({ message: expect.not.stringContaining("hunter2") }));
  });
});
