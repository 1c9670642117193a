// Sets the fuses of the packed app's own Electron, and reads them back: what is not as it should be is no package.
import { join } from 'node:path'
import { FuseState, FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses'

const FUSES = {
  // The app's binary is no Node, whatever its environment or its arguments say.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  // It runs its own archive, unchanged (macOS and Windows check that), and nothing beside it.
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  // The page has a scheme of its own.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
}

/** Throws when a fuse cannot be set, is unknown to this list, or is read back as something else. */
export async function setFuses(program, options = {}) {
  await flipFuses(program, { version: FuseVersion.V1, strictlyRequireAllFuses: true, ...options, ...FUSES })
  const { version, ...wire } = await getCurrentFuseWire(program)
  for (const [fuse, state] of Object.entries(wire)) {
    const wanted = FUSES[fuse] === undefined ? undefined : FUSES[fuse] ? FuseState.ENABLE : FuseState.DISABLE
    if (state !== wanted)
      throw new Error(`The fuse ${FuseV1Options[fuse] ?? fuse} of ${program} is not as it should be.`)
  }
}

/** Called by electron-builder, before anything is signed. */
export default async function afterPack({ appOutDir, electronPlatformName, packager }) {
  const { productFilename } = packager.appInfo
  const program = {
    darwin: `${productFilename}.app`,
    win32: `${productFilename}.exe`,
    linux: packager.executableName,
  }[electronPlatformName]
  await setFuses(join(appOutDir, program), { resetAdHocDarwinSignature: electronPlatformName === 'darwin' })
}
