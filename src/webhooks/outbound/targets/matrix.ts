// Matrix: https://spec.matrix.org/v1.16/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid

import { fitBytes, joinLines, oneLine } from "./fit-text.ts";
import { below, defineTarget, fieldOf, jsonRequest } from "./target-type.ts";

/** An event may have 65,536 bytes, signatures and all: §Size limits. In JSON a character may be twice as long. */
const maxBodyBytes = 24 * 1024;

export const matrix = defineTarget({
  fields: {
    url: { kind: "url", required: true },
    token: { kind: "secret", required: true },
    room: { kind: "text", required: true },
    // Bots do not answer a notice.
    msgtype: { kind: "text", default: "m.text", choices: ["m.text", "m.notice"] },
  },
  prepare: ({ url, token, room, msgtype }, { id, title, message, link }) => {
    // A repeated request with the same transaction id has no second effect.
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${encodeURIComponent(id)}`;
    const body = joinLines(fitBytes(oneLine(title), 500), fitBytes(message, maxBodyBytes), link);
    // It mentions nobody: without this "@room" and names in the text call those who are meant (§User and room mentions).
    return jsonRequest(
      below(url, path),
      { msgtype, body, "m.mentions": {} },
      { authorization: `Bearer ${token}` },
      "PUT",
    );
  },
  readAnswer: (answer) => {
    const code = fieldOf(answer, "errcode");
    const waitMs = fieldOf(answer, "retry_after_ms");
    return {
      ...(typeof code === "string" ? { refusal: `Matrix refused the message: ${code}` } : {}),
      ...(typeof waitMs === "number" ? { retryAfterSeconds: Math.ceil(waitMs / 1000) } : {}),
    };
  },
});
