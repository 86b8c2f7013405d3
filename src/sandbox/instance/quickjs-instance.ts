// One QuickJS engine in a WebAssembly memory of its own, with the guest's globals, and its reset to the state before a run.

import wasmPath from "@jitl/quickjs-wasmfile-release-sync/wasm" with { type: "file" };
import baseVariant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type VmCallResult,
} from "quickjs-emscripten";
import type { GuestSpec } from "../protocol.ts";
import { Heap } from "./heap.ts";
import { bundleGuest } from "../guest/guest-source.ts" with { type: "macro" };

const guestSource = bundleGuest();
const wasmModule = await WebAssembly.compile(await Bun.file(wasmPath).arrayBuffer());

const pageBytes = 65_536;
/** The module's own minimum. */
const initialPages = 256;
/** Emscripten lays out static data, then a stack that grows down to it, then the heap. */
const staticBytes = 2 * pageBytes;
const maxStackBytes = 512 * 1024;

/** The name of the guest's own code in stack traces. */
const guestFileName = "<runner>";

/** The engine has no memory for a text; it says the same itself. */
class NoRoom extends Error {
  override readonly message = "out of memory";
}

/** What the guest's one host function calls; a thrown Error becomes an Error in the guest. */
export type HostFunction = (operation: string, payload: string) => string | number | undefined;

export interface InstanceHooks {
  readonly host: HostFunction;
  /** Asked often while the guest runs; true ends it. */
  readonly interrupt: () => boolean;
}

/** An exception that left the guest's code at the engine's level. */
export interface EngineError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

interface Image {
  readonly staticData: Uint8Array;
  readonly stackAndHeap: Uint8Array;
  readonly stackStart: number;
}

export class QuickJSInstance {
  readonly memoryBytes: number;
  readonly #memory: WebAssembly.Memory;
  readonly #growth: { readonly refused: boolean };
  readonly #heap: Heap;
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #receive: QuickJSHandle;
  readonly #begin: QuickJSHandle;
  readonly #image: Image;
  readonly #hooks: { current: InstanceHooks | null };
  #broken = false;

  private constructor(
    memoryBytes: number,
    memory: WebAssembly.Memory,
    growth: { readonly refused: boolean },
    heap: Heap,
    runtime: QuickJSRuntime,
    context: QuickJSContext,
    hooks: { current: InstanceHooks | null },
  ) {
    this.memoryBytes = memoryBytes;
    this.#memory = memory;
    this.#growth = growth;
    this.#heap = heap;
    this.#runtime = runtime;
    this.#context = context;
    this.#hooks = hooks;
    this.#receive = takeGlobal(context, "receive");
    this.#begin = takeGlobal(context, "begin");
    this.#image = imageOf(memory);
  }

  /** A fresh engine whose memory never grows beyond `memoryBytes` (at least 16 MiB). */
  static async create(memoryBytes: number): Promise<QuickJSInstance> {
    const maximum = Math.max(initialPages, Math.floor(memoryBytes / pageBytes));
    const memory = new WebAssembly.Memory({ initial: initialPages, maximum });
    const growth = watchGrowth(memory);
    const heap = new Heap();
    const variant = heap.watch(newVariant(baseVariant, { wasmModule, wasmMemory: memory }));
    const module = await newQuickJSWASMModuleFromVariant(variant);
    const runtime = module.newRuntime({ maxStackSizeBytes: maxStackBytes });
    const context = runtime.newContext();
    const hooks: { current: InstanceHooks | null } = { current: null };
    runtime.setInterruptHandler(() => hooks.current?.interrupt() ?? false);
    // Everything the host keeps a handle of is made before the image is taken: a reset restores the memory these
    // handles point into, so a handle made later would dangle.
    using hostFunction = context.newFunction("host", (operation, payload) => {
      const answer = hooks.current?.host(context.getString(operation), payload ? readText(context, payload) : "");
      if (typeof answer === "string") return newText(context, heap, answer);
      return typeof answer === "number" ? context.newNumber(answer) : context.undefined;
    });
    context.setProp(context.global, "host", hostFunction);
    loadGuest(context, memory, `${hostFunction.value} ${context.global.value}`);
    return new QuickJSInstance(memoryBytes, memory, growth, heap, runtime, context, hooks);
  }

  /** Gives the instance to a run. */
  bind(hooks: InstanceHooks): void {
    this.#hooks.current = hooks;
  }

  /** Hands a message to the guest. */
  receive(message: string): EngineError | null {
    return this.#guarded(() => {
      using text = newText(this.#context, this.#heap, message);
      return this.#finish(this.#context.callFunction(this.#receive, this.#context.undefined, text));
    });
  }

  /** Evaluates a module and lets the guest begin with its exports. */
  evaluate(code: string, fileName: string, mode: GuestSpec["mode"]): EngineError | null {
    return this.#guarded(() => {
      const evaluated = this.#context.evalCode(code, fileName, { type: "module" });
      if (evaluated.error) return this.#takeError(evaluated.error);
      using exported = evaluated.value;
      using modeText = this.#context.newString(mode);
      return this.#finish(this.#context.callFunction(this.#begin, this.#context.undefined, exported, modeText));
    });
  }

  /** Runs promise jobs until there are none. */
  drainJobs(): EngineError | null {
    return this.#guarded(() => {
      const drained = this.#runtime.executePendingJobs();
      return drained.error ? this.#takeError(drained.error) : null;
    });
  }

  /** True once more memory was asked for than there may be. */
  get memoryExhausted(): boolean {
    return this.#growth.refused;
  }

  /**
   * Puts the memory back to what it was before the first run, so that nothing of the run is left.
   * False where that would not be sound (broken, grown or with jobs left): the instance must be thrown away.
   */
  reset(): boolean {
    this.#hooks.current = null;
    if (this.#broken || this.#growth.refused || this.#memory.buffer.byteLength !== initialPages * pageBytes)
      return false;
    if (this.#runtime.hasPendingJob()) return false;
    restoreImage(this.#memory, this.#image);
    return true;
  }

  #finish(result: VmCallResult<QuickJSHandle>): EngineError | null {
    if (result.error) return this.#takeError(result.error);
    result.value.dispose();
    return null;
  }

  #takeError(handle: QuickJSHandle): EngineError {
    using error = handle;
    const dumped: unknown = this.#context.dump(error);
    if (typeof dumped !== "object" || dumped === null) return { name: "", message: String(dumped), stack: "" };
    const { name, message, stack } = dumped as Partial<EngineError>;
    return { name: String(name ?? "Error"), message: String(message ?? ""), stack: String(stack ?? "") };
  }

  /** An exception of the WebAssembly side itself leaves the module in an unknown state. */
  #guarded(action: () => EngineError | null): EngineError | null {
    try {
      return action();
    } catch (thrown) {
      if (thrown instanceof NoRoom) return { name: "InternalError", message: thrown.message, stack: "" };
      this.#broken = true;
      const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
      return { name: "EngineFailure", message, stack: "" };
    }
  }
}

/** Notes when the memory may not grow any further: the engine itself only tells of it if it has the memory to. */
function watchGrowth(memory: WebAssembly.Memory): { readonly refused: boolean } {
  const growth = { refused: false };
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    try {
      return grow(pages);
    } catch (thrown) {
      growth.refused = true;
      throw thrown;
    }
  };
  return growth;
}

/** A text of the guest's. Where there is no room for a copy of it the library gives an empty one. */
function readText(context: QuickJSContext, handle: QuickJSHandle): string {
  const text = context.getString(handle);
  if (text !== "") return text;
  using length = context.getProp(handle, "length");
  if (context.getNumber(length) > 0) throw new NoRoom();
  return text;
}

/** A text for the guest. @throws {NoRoom} where the library would give another, or harm the engine. */
function newText(context: QuickJSContext, heap: Heap, text: string): QuickJSHandle {
  if (!heap.hasRoomFor(text)) throw new NoRoom();
  const handle = context.newString(text);
  using length = context.getProp(handle, "length");
  if (context.getNumber(length) === text.length) return handle;
  handle.dispose();
  throw new NoRoom();
}

function takeGlobal(context: QuickJSContext, name: string): QuickJSHandle {
  const handle = context.getProp(context.global, name);
  context.unwrapResult(context.evalCode(`delete globalThis[${JSON.stringify(name)}]`)).dispose();
  return handle;
}

interface Bounds {
  readonly stackStart: number;
  readonly heapEnd: number;
}

/** The memory of the first instance once it had evaluated the guest's source. */
let loaded: { readonly layout: string; readonly image: Image } | null = null;

/**
 * Gives a new engine the guest's globals. Those that follow the first take them over from its memory: it costs a tenth of
 * evaluating the source, and all that tells them apart from it by then is the maximum of their memory.
 * @param layout where the engine's objects lie: the same in each, or nothing is taken over.
 */
function loadGuest(context: QuickJSContext, memory: WebAssembly.Memory, layout: string): void {
  if (loaded?.layout === layout) {
    restoreImage(memory, loaded.image);
    return;
  }
  context.unwrapResult(context.evalCode(guestSource, guestFileName, { type: "global" })).dispose();
  loaded = { layout, image: copyImage(memory, findBounds(memory)) };
}

function restoreImage(memory: WebAssembly.Memory, { staticData, stackAndHeap, stackStart }: Image): void {
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(staticData);
  bytes.set(stackAndHeap, stackStart);
}

/** Where the used parts of a new instance's memory lie: the same for all, and searching for them costs milliseconds. */
let bounds: Bounds | null = null;

function findBounds(memory: WebAssembly.Memory): Bounds {
  const bytes = new Uint8Array(memory.buffer);
  let end = bytes.length;
  while (bytes[end - 1] === 0) end--;
  let stackStart = staticBytes;
  while (bytes[stackStart] === 0) stackStart++;
  stackStart -= stackStart % pageBytes;
  return { stackStart, heapEnd: Math.min(bytes.length, end + pageBytes) };
}

/** The image of the latest instance: they are all alike, so most share one. */
let latestImage: Image | null = null;

function imageOf(memory: WebAssembly.Memory): Image {
  bounds ??= findBounds(memory);
  const image = copyImage(memory, bounds, latestImage);
  latestImage = image;
  return image;
}

/**
 * The used parts of the memory: static data, and everything from the used end of the stack to the end of the heap.
 * @param other returned instead where it is the same.
 */
function copyImage(memory: WebAssembly.Memory, { stackStart, heapEnd }: Bounds, other: Image | null = null): Image {
  const bytes = new Uint8Array(memory.buffer);
  const staticData = bytes.subarray(0, staticBytes);
  const stackAndHeap = bytes.subarray(stackStart, heapEnd);
  if (other !== null && sameBytes(other.staticData, staticData) && sameBytes(other.stackAndHeap, stackAndHeap)) {
    return other;
  }
  return { staticData: staticData.slice(), stackAndHeap: stackAndHeap.slice(), stackStart };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
