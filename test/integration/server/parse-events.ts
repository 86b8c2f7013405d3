// Server-sent events as a client reads them, after the rules of the HTML standard (§9.2.6).

export interface ReceivedEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

export function parseEvents(text: string): ReceivedEvent[] {
  const received: ReceivedEvent[] = [];
  let id = "";
  let name = "";
  let data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === "") {
      if (data.length > 0) received.push({ id, name, data: JSON.parse(data.join("\n")) as Record<string, unknown> });
      name = "";
      data = [];
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "id") id = value;
    else if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  return received;
}
