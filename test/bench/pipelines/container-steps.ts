// Runs `true` in containers, one after the other.
export const config = { params: { count: { type: "number", default: 5 } } };

export const pipeline = async () => {
  const count = Number(pipelineContext.params.count);
  const startedAt = Date.now();
  for (let done = 0; done < count; done += 1) {
    await runtime.run({ name: "true", image: "busybox", command: { path: "true", args: [] }, pull: "never" });
  }
  return { msPerStep: (Date.now() - startedAt) / count };
};
