// Makes host calls that do nothing but go through the journal, one after the other.
export const config = { params: { count: { type: "number", default: 1000 } } };

export const pipeline = async () => {
  const count = Number(pipelineContext.params.count);
  const startedAt = Date.now();
  for (let done = 0; done < count; done += 1) await sleep("0s");
  return { msPerStep: (Date.now() - startedAt) / count };
};
