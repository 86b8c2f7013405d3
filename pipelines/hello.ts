// The smallest useful pipeline: started by any webhook or by hand, it answers, runs one command and returns a result.
//
//   curl "http://127.0.0.1:8080/api/webhooks/hello?name=Ada"
//   runner trigger hello --param name=Ada

export const config = {
  params: { name: { type: "string", default: "world", description: "who is greeted" } },
} satisfies PipelineConfig;

export const pipeline = async () => {
  const request = http.request(); // undefined when triggered by hand
  const name = request?.query.name ?? pipelineContext.params.name;
  http.respond({ body: `hello ${name}\n` }); // the caller has its answer; the run goes on

  const machine = await runtime.run({ name: "machine", command: "uname -srm" });

  // Values in storage belong to this pipeline and outlive its runs.
  const runs = (storage.get("runs") ?? 0) + 1;
  await storage.set("runs", runs);

  console.log(`greeted ${name}, run number ${runs}`);
  return { greeted: name, machine: machine.stdout.trim(), runs };
};
