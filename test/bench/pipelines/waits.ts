// Waits for so long that it leaves memory.
export const config = { webhook: false, params: { duration: { type: "string", default: "30d" } } };

export const pipeline = async () => {
  await sleep(pipelineContext.params.duration);
  return "waited";
};
