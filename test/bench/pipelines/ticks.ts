// Says what time it is, ten times a second.
export const config = { params: { count: { type: "number", default: 50 } } };

export const pipeline = async () => {
  for (let tick = 0; tick < Number(pipelineContext.params.count); tick += 1) {
    await sleep("100ms");
    console.log(`tick ${Date.now()}`);
  }
};
