// The steps of graph.yml, without its jobs.
export const pipeline = async () => {
  for (let done = 0; done < 100; done += 1) {
    await runtime.run({ name: `job-${String(done)}/t`, command: { path: "true", args: [] } });
  }
};
