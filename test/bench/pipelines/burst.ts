// One process that takes a while; triggered many times at once.
export const pipeline = async () => {
  const { code } = await runtime.run({ name: "wait", command: { path: "sleep", args: ["0.05"] } });
  return code;
};
