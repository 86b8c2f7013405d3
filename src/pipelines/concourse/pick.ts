// What a record has by a name that somebody chose, who may have chosen `constructor`.

export function pick<T>(values: Readonly<Record<string, T | undefined>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
