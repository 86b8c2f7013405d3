// Fills its journal, then waits for so long that it leaves memory.
export const config = { webhook: false, params: { count: { type: "number", default: 9000 } } };

export const pipeline = async () => {
  for (let step = 0; step < Number(pipelineContext.params.count); step += 1) await sleep("0s");
  await sleep("30d");
};
