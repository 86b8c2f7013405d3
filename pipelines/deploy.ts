// Updates a git checkout when its main branch is pushed to GitHub.
//
// 1. Start the server with the secret in its environment: GITHUB_WEBHOOK_SECRET=… runner serve
// 2. At GitHub, Settings → Webhooks: https://your-server/api/webhooks/deploy, content type application/json, that secret.
// 3. Put your checkout below as the default of `folder`.
//
// By hand: runner trigger deploy --param folder=/srv/site

export const config = {
  webhook: { provider: "github", secret: "env:GITHUB_WEBHOOK_SECRET" },
  params: { folder: { type: "string", default: "/srv/site", description: "the checkout that is updated" } },
  concurrency: { limit: 1 }, // pushes in quick succession wait for each other
  timeout: "10m",
};

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
    timeout: "5m",
  });
  assert.equal(update.code, 0, "the update failed"); // a failed assertion ends the run as failed

  // Add what else your site needs: a build, a restart, a check that it answers.
  return { commit: env.COMMIT };
};
