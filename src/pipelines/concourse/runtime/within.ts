// A folder that lies in another one.

import type { Folder } from "./script-globals.ts";

/** `before`: where it was, and still is where it could not be moved, for then it is a link, which is not followed. */
export function within(folder: Folder, place: string, before?: Folder): Folder {
  const readThere: Folder["readFiles"] = async (...paths) => {
    const files = await folder.readFiles(...paths.map((path) => `${place}/${path}`)).catch((thrown: unknown) => {
      if (thrown instanceof Error) thrown.message = thrown.message.replace(`"${place}/`, '"');
      throw thrown;
    });
    return Object.fromEntries(paths.map((path) => [path, files[`${place}/${path}`] ?? ""]));
  };
  return {
    path: `${folder.path}/${place}`,
    readFiles: async (...paths) =>
      await readThere(...paths).catch(async (thrown: unknown) => {
        if (before === undefined) throw thrown;
        return await before.readFiles(...paths).catch(() => {
          throw thrown;
        });
      }),
  };
}
