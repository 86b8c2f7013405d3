// Conditions evaluated in a loop, compiled and on a decoded request: ours, and jexl's own grammar beside it. Prints rates.

import jexl from "jexl";
import { createConditionVariables, evaluateCondition } from "../../../src/expressions/expressions.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { median } from "../statistics.ts";

const condition = 'provider == "github" && eventType == "push" && payload.ref == "refs/heads/main"';
const source = {
  provider: "github",
  eventType: "push",
  method: "POST",
  headers: {},
  query: {},
  body: JSON.stringify({ ref: "refs/heads/main", commits: [{ message: "fix" }] }),
};
const variables = createConditionVariables(source);
const plain = jexl.compile(condition);
const plainVariables = { ...source, payload: JSON.parse(source.body) as unknown };

/** In a second of one core: the middle one of several rounds, the first left out. */
function rate(evaluate: () => boolean): number {
  const count = 100_000;
  const rates = Array.from({ length: 8 }, () => {
    const seconds = cpuSeconds(() => {
      for (let each = 0; each < count; each++) if (!evaluate()) throw new Error("the condition does not hold");
    });
    return count / seconds;
  });
  return median(rates.slice(1));
}

const ours = rate(() => {
  const result = evaluateCondition(condition, variables, Date.now);
  return result.ok && result.value;
});
const baseline = rate(() => plain.evalSync(plainVariables) === true);
console.log(JSON.stringify({ ours, baseline }));
