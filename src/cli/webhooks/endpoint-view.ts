// Endpoints drawn for people: a table of all, or one in full.

import type { EndpointJson } from "../../core/endpoint-json.ts";
import { formatMoment } from "../moment.ts";
import { printable } from "../printable.ts";
import { formatTable } from "../table.ts";
import type { OutputStream } from "../terminal.ts";

export function formatEndpoints(endpoints: readonly EndpointJson[], out: OutputStream): readonly string[] {
  const heads = ["ID", "STATE", "EVENTS", "URL"].map((head) => out.paint("dim", head));
  const rows = endpoints.map((endpoint) => [
    printable(endpoint.id),
    out.paint(colourOf(endpoint), stateOf(endpoint)),
    printable(shorten(endpoint.events.join(","))),
    printable(endpoint.url),
  ]);
  return formatTable([heads, ...rows]);
}

export function formatEndpoint(endpoint: EndpointJson, out: OutputStream): readonly string[] {
  const { state, source, headers, previous_secret_until: previousUntil } = endpoint;
  const facts = [
    ["endpoint", endpoint.id],
    ["url", endpoint.url],
    ["events", endpoint.events.join(", ")],
    ...(endpoint.pipelines.length === 0 ? [] : [["pipelines", endpoint.pipelines.join(", ")]]),
    ...(endpoint.when === null ? [] : [["when", endpoint.when]]),
    ["state", stateOf(endpoint)],
    ...(state.disabled_reason === null ? [] : [["", state.disabled_reason]]),
    ...(state.failing_since === null ? [] : [["failing since", moment(state.failing_since)]]),
    ...Object.entries(headers).map(([name, value]) => ["header", `${name}: ${value}`]),
    ["signed in", endpoint.signature_header],
    ["attempts", `${endpoint.retry.length + 1}, after ${["0s", ...endpoint.retry].join(", ")}`],
    ...(endpoint.rate_limit === null ? [] : [["at most", `${endpoint.rate_limit} a minute`]]),
    ...(previousUntil === null ? [] : [["old secret until", moment(previousUntil)]]),
    ...(endpoint.description === "" ? [] : [["description", endpoint.description]]),
    ...(source === "file" ? [["declared in", "runner.toml"]] : [["made", moment(endpoint.created_at)]]),
  ];
  return formatTable(facts.map(([name = "", value = ""]) => [out.paint("dim", name), printable(value)]));
}

function stateOf({ enabled, state }: EndpointJson): string {
  if (!enabled) return state.disabled_at === null ? "off" : "disabled";
  return state.failing_since === null ? "on" : "failing";
}

function colourOf(endpoint: EndpointJson): "green" | "red" | "yellow" {
  const state = stateOf(endpoint);
  return state === "on" ? "green" : state === "off" ? "yellow" : "red";
}

function moment(time: string): string {
  return formatMoment(new Date(time));
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
