// Updates a git checkout when its main branch is pushed to GitHub or Gitea, then runs the checkout's deploy script.
//
// 1. Start the server with the secret in its environment: GITHUB_WEBHOOK_SECRET=… runner serve
// 2. `runner webhook deploy` prints the command that registers it at GitHub, and what to enter in Gitea.
// 3. Put your checkout below as the default of `folder`, and an executable deploy.sh into your repository.
//
// By hand: runner trigger deploy --param folder=/srv/site
// Its tests, at the end, need neither: runner test deploy

export const config = {
  webhook: { provider: "github", secret: "env:GITHUB_WEBHOOK_SECRET" },
  params: { folder: { type: "string", default: "/srv/site", description: "the checkout that is updated" } },
  concurrency: { limit: 1 }, // pushes in quick succession wait for each other
  timeout: "10m",
} satisfies PipelineConfig;

export const pipeline = async () => {
  const request = http.request();
  const onMain = webhookTrigger('eventType == "push" and payload.ref == "refs/heads/main"'); // true by hand
  const answer = { deploying: onMain, event: request?.eventType };
  http.respond({ body: JSON.stringify(answer), headers: { "content-type": "application/json" } });
  if (!onMain) return "nothing to deploy";

  // What comes from outside goes to a command through its environment, never into the text of the command.
  const env = {
    FOLDER: pipelineContext.params.folder,
    COMMIT: request ? JSON.parse(request.body).after : "by hand",
  };

  const update = await runtime.run({
    name: "update",
    command: `
      echo "deploying $COMMIT"
      if [ -d "$FOLDER/.git" ]; then git -C "$FOLDER" pull --ff-only
      else echo "$FOLDER is not a git checkout: nothing to update"
      fi`,
    env,
    timeout: "2m",
  });
  assert.equal(update.code, 0, "the update failed"); // a failed assertion ends the run as failed

  const script = await runtime.run({
    name: "deploy",
    command: `
      cd "$FOLDER" 2>/dev/null && [ -x ./deploy.sh ] || { echo "$FOLDER has no deploy.sh"; exit 0; }
      exec ./deploy.sh "$COMMIT"`,
    env,
    timeout: "5m",
  });
  assert.equal(script.code, 0, "deploy.sh failed");
  return { commit: env.COMMIT };
};

const push = { headers: { "X-GitHub-Event": "push" }, body: { ref: "refs/heads/main", after: "59b20b8" } };

export const tests = {
  "a push to main is answered at once, then deployed": {
    request: push,
    steps: { update: "deploying 59b20b8\n", deploy: 0 },
    expect: {
      result: { commit: "59b20b8" },
      respond: { status: 200, body: { deploying: true, event: "push" } },
      steps: ["update", { name: "deploy", env: { COMMIT: "59b20b8", FOLDER: "/srv/site" } }],
    },
  },
  "a push to another branch changes nothing": {
    request: { ...push, body: { ref: "refs/heads/next", after: "59b20b8" } },
    expect: { result: "nothing to deploy", respond: { body: { deploying: false, event: "push" } }, steps: [] },
  },
  "what could not be updated is not deployed": {
    params: { folder: "/srv/other" },
    steps: { update: { code: 128, stderr: "fatal: not possible to fast-forward\n" } },
    expect: { error: "the update failed", steps: [{ name: "update", env: { FOLDER: "/srv/other" } }] },
  },
} satisfies PipelineTests;
