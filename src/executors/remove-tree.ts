// Removing what steps have left in a shared folder, by a process of its own: `rm` takes trees of any depth and width in
// little memory, while Bun's own took 18 s of a thread for 3,000 folders in each other, and its time grows by the square.

const script = `rm -rf -- "$1" 2>/dev/null && exit
chmod -R u+rwX -- "$1" 2>/dev/null
exec rm -rf -- "$1"`;

const keptStderr = 500;

/**
 * A function that removes a folder and all below it; links are removed, never followed, and folders without
 * permissions are opened first. It throws an Error with what `rm` said first where something is left.
 */
export function createTreeRemover(options: { readonly path: string }): (folder: string) => Promise<void> {
  return async (folder) => {
    const child = Bun.spawn(["/bin/sh", "-c", script, "sh", folder], {
      cwd: "/",
      env: { PATH: options.path, LC_ALL: "C" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const said = await readHead(child.stderr);
    if ((await child.exited) !== 0) throw new Error(said.split("\n")[0] || "rm failed");
  };
}

/** All is read, so that `rm` goes on to the end; a line for each of a million files is not kept. */
async function readHead(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let head = "";
  for await (const chunk of stream) {
    if (head.length < keptStderr) head += decoder.decode(chunk, { stream: true }).slice(0, keptStderr);
  }
  return head;
}
