// A folder that lies in another one.

import type { Folder } from "./script-globals.ts";

export function within(folder: Folder, place: string): Folder {
  return {
    path: `${folder.path}/${place}`,
    readFiles: async (...paths) => {
      const files = await folder.readFiles(...paths.map((path) => `${place}/${path}`)).catch((thrown: unknown) => {
        if (thrown instanceof Error) thrown.message = thrown.message.replace(`"${place}/`, '"');
        throw thrown;
      });
      return Object.fromEntries(paths.map((path) => [path, files[`${place}/${path}`] ?? ""]));
    },
  };
}
