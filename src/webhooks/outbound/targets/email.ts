// E-mail by SMTP (RFC 5321); send-mail.ts has the conversation.

import { fitCharacters, joinLines, oneLine } from "./fit-text.ts";
import { type MailSecurity, mailSecurities } from "./mail.ts";
import { defineTarget } from "./target-type.ts";

/** A line of a header should have at most 78 characters (RFC 5322 §2.1.1), and a list of mails shows as many. */
const maxSubjectCharacters = 200;
const maxTextCharacters = 200_000;
/** RFC 8314 §7.3 and RFC 6409 §3.1. */
const portOf: Readonly<Record<MailSecurity, number>> = { tls: 465, starttls: 587, none: 25 };

export const email = defineTarget({
  fields: {
    host: { kind: "text", required: true },
    port: { kind: "whole", range: [1, 65_535] },
    security: { kind: "text", choices: mailSecurities },
    user: { kind: "secret", isMasked: false },
    password: { kind: "secret" },
    from: { kind: "text", required: true },
    to: { kind: "list", required: true },
    ca: { kind: "secret" },
  },
  findProblem: (given) => {
    if (given.has("user") === given.has("password")) return null;
    return given.has("user")
      ? { field: "user", message: "needs a password" }
      : { field: "password", message: "needs a user" };
  },
  prepare: ({ host, port, security, user, password, from, to, ca }, { id, title, message, link }) => {
    const known = mailSecurities.find((each) => each === security);
    // Never in the clear unless that is asked for.
    const chosen = known ?? (port === portOf.tls ? "tls" : "starttls");
    const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
    const subject = oneLine(title);
    return {
      type: "mail",
      mail: {
        server: {
          host,
          port: port ?? portOf[chosen],
          security: chosen,
          ...(user === undefined || password === undefined ? {} : { login: { user, password } }),
          ...(ca === undefined ? {} : { ca }),
        },
        from: oneLine(from),
        to: to.map(oneLine),
        subject: fitCharacters(subject === "" ? oneLine(message) : subject, maxSubjectCharacters),
        text: `${joinLines(fitCharacters(message, maxTextCharacters), link)}\n`,
        messageId: `${id}@${domain}`,
      },
    };
  },
});
