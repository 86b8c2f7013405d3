// The engine's WebAssembly file, imported as a path.

declare module "@jitl/quickjs-wasmfile-release-sync/wasm" {
  const path: string;
  export default path;
}
