// Whether a text fits into an engine's memory. The library does not look: where there is no room it writes the text
// over whatever is at address 0, and the engine goes on with that.

import type { newVariant } from "quickjs-emscripten";

type Variant = ReturnType<typeof newVariant>;

/** What every module has. */
interface Allocator {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

export class Heap {
  #allocator: Allocator | null = null;

  /** The variant, whose next module this heap belongs to. */
  watch<V extends Variant>(variant: V): V {
    const importModuleLoader = async (): Promise<unknown> => {
      const load = (await variant.importModuleLoader()) as unknown as () => Promise<Allocator>;
      return async () => (this.#allocator = await load());
    };
    return { ...variant, importModuleLoader } as V;
  }

  hasRoomFor(text: string): boolean {
    const allocator = this.#allocator;
    if (allocator === null) return false;
    const pointer = allocator._malloc(Buffer.byteLength(text) + 1);
    if (pointer === 0) return false;
    allocator._free(pointer);
    return true;
  }
}
