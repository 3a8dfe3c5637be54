/**
 * zstd as WebAssembly, for Node's before 22.15, which have none of their own. It is loaded when the
 * first payload needs it, and at once: a start need not wait for it, and whoever decompresses can
 * not.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as Package from '@bokuweb/zstd-wasm'

type WasmZstd = Pick<typeof Package, 'compress' | 'decompress'>

/** Of the language's own library, what its types here lack. */
interface WebAssemblyLibrary {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => object
}

/** What Emscripten lets a program do in its place: the package itself only knows how to wait. */
interface Emscripten {
  instantiateWasm?: (imports: object, receive: (instance: object) => unknown) => unknown
  init (): void
}

const packages = createRequire(import.meta.url)
let loaded: WasmZstd | undefined

/** Throws where the package is not installed as it should be. */
export function wasmZstd (): WasmZstd { return loaded ??= load() }

function load (): WasmZstd {
  const folder = dirname(packages.resolve('@bokuweb/zstd-wasm'))
  const { Module } = packages(join(folder, 'zstd.js')) as { Module: Emscripten }
  // A bundle has a copy of this file and the same package, which must not begin twice.
  if (Module.instantiateWasm === undefined) {
    const library = (globalThis as unknown as { WebAssembly: WebAssemblyLibrary }).WebAssembly
    const code = new library.Module(readFileSync(join(folder, 'zstd.wasm')))
    Module.instantiateWasm = (imports, receive) => receive(new library.Instance(code, imports))
    Module.init()
  }
  return packages('@bokuweb/zstd-wasm') as typeof Package
}
