// Writes many lines to its log; its result is its own id.
export const config = { params: { count: { type: "number", default: 1000 } } };

export const pipeline = () => {
  for (let line = 1; line <= Number(pipelineContext.params.count); line += 1) {
    console.log(`line ${line}: the quick brown fox jumps over the lazy dog`);
  }
  return pipelineContext.runID;
};
