// Writes a file to the log, by steps that run one after the other.
export const config = { params: { file: { type: "string", required: true }, files: { type: "number", default: 1 } } };

export const pipeline = async () => {
  const { file, files } = pipelineContext.params;
  for (let step = 0; step < Number(files); step += 1) {
    await runtime.run({ name: "cat", command: { path: "cat", args: [String(file)] } });
  }
};
