// Headers as scripts read them: listed in lower case, read in any case.

type Headers = Readonly<Record<string, string>>;

/** `methods` are found before headers of the same name. */
export function caseless(headers: Headers, methods: Readonly<Record<string | symbol, unknown>> = {}): Headers {
  const lower = (name: string | symbol): string | symbol => (typeof name === "string" ? name.toLowerCase() : name);
  return new Proxy(Object.assign(Object.create(null) as Record<string, string>, headers), {
    get: (target, name) =>
      Object.hasOwn(methods, name) ? methods[name] : (Reflect.get(target, lower(name)) as unknown),
    has: (target, name) => Reflect.has(target, lower(name)),
    getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(target, lower(name)),
  });
}
