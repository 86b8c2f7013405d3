// `vars` of a script: what the configuration has by these names, and where that has nothing a secret, by its reference.

import type { JsonValue } from "../core/json.ts";
import { isSecretName } from "../core/secret-name.ts";
import { isReference } from "./secret-text.ts";
import type { Work } from "./work-call.ts";

export const findVars: Work = async (args, { parts, run, bundle }) => {
  const { names } = args as { readonly names: readonly string[] };
  const found: [name: string, value: JsonValue][] = [];
  for (const name of new Set(names)) {
    const value = Object.hasOwn(parts.vars, name) ? parts.vars[name] : undefined;
    if (value !== undefined) found.push([name, value]);
    else if (await isSecret(name)) found.push([name, { secret: `secret:${name}` }]);
  }
  return { value: Object.fromEntries(found) };

  /** One that the script does not name itself it must not come by. */
  async function isSecret(name: string): Promise<boolean> {
    const reference = `secret:${name}`;
    if (!isSecretName(name) || !isReference(reference, bundle)) return false;
    return (await parts.secrets.resolve(reference, run.pipeline)).ok;
  }
};
