// Runs `true` as a process, one after the other.
export const config = { params: { count: { type: "number", default: 100 } } };

export const pipeline = async () => {
  const count = Number(pipelineContext.params.count);
  const startedAt = Date.now();
  for (let done = 0; done < count; done += 1) {
    await runtime.run({ name: "true", command: { path: "true", args: [] } });
  }
  return { msPerStep: (Date.now() - startedAt) / count };
};
