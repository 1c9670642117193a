import { createRequire } from 'node:module'

/** What is used of the package `secp256k1`, which is libsecp256k1 over Node-API. It throws where it cannot. */
export type Native = {
  ecdsaRecover(rs: Uint8Array, bit: number, digest: Uint8Array, compressed: boolean): Uint8Array
  ecdsaVerify(rs: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean
}

/**
 * Some forty times as fast as JavaScript, where the package has a build for this machine; undefined elsewhere. The
 * bindings are taken by their own name: the package itself would fall back to another library without a word.
 */
export const native = load()

function load(): Native | undefined {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings.js') as Native
  } catch {
    return undefined
  }
}
