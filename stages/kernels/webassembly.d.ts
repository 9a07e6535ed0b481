// The part of WebAssembly that is used here: TypeScript declares it for browsers only.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: object;
    constructor(module: Module);
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
}
