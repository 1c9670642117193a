import { registerHooks } from 'node:module'

/**
 * The command `myst` as it is, but for one module: its OpenVPN service is `inflating-openvpn.ts`. A provider that
 * lies about what it counted is made so, because the program itself has no such option.
 *
 *   MYST_LAB_INFLATE=FILE node e2e/lab/cheating-myst.ts ARGUMENTS
 */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const isAsked = found.url.endsWith('/services/openvpn/openvpn.ts') && context.parentURL?.endsWith('/create-node.ts')
    return isAsked ? { ...found, url: new URL('./inflating-openvpn.ts', import.meta.url).href } : found
  },
})
await import('../../src-main/doors/cli/main.ts')
