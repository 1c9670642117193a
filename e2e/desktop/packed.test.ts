import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { extractAll, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nowhereNetwork } from './nowhere.ts'
import { buildShell, CAN_RUN, PROGRAM, ROOT, startDouble } from './shell.ts'

const run = promisify(execFile)
const BUILDER = join(ROOT, 'node_modules/.bin/electron-builder')
const CONFIGURATION = readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8')

/** What electron-builder packs the app with where Electron itself is not: files of its names, and fuses in one. */
function standInElectron(dir: string): string {
  const dist = join(dir, 'electron')
  mkdirSync(join(dist, 'resources'), { recursive: true })
  mkdirSync(join(dist, 'locales'))
  for (const file of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'locales/en-US.pak']) {
    writeFileSync(join(dist, file), file)
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/electron/package.json'), 'utf8'))
  writeFileSync(join(dist, 'version'), version)
  const fuses = Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 9])])
  writeFileSync(join(dist, 'electron'), Buffer.concat([fuses, Buffer.from('101101011')]))
  chmodSync(join(dist, 'electron'), 0o755)
  return dist
}

// electron-builder itself, with the project's configuration, up to the folder that an installer is made of.
describe.skipIf(!CAN_RUN || PROGRAM !== undefined || process.platform !== 'linux')(
  'the packed app [needs chromium, without electron]',
  () => {
    let dir: string
    let resources: string
    let electron: string
    const pack = (...more: string[]) =>
      run(
        BUILDER,
        [
          ...['--linux', 'dir', `-c.electronDist=${electron}`, `-c.directories.output=${join(dir, 'installers')}`],
          ...more,
        ],
        { cwd: ROOT },
      )

    beforeAll(async () => {
      await buildShell()
      dir = mkdtempSync(join(tmpdir(), 'myst-packed-'))
      electron = standInElectron(dir)
      await pack()
      resources = join(dir, 'installers/linux-unpacked/resources')
    }, 300_000)
    afterAll(() => rmSync(dir, { recursive: true, force: true }))

    test('its configuration is what electron-builder knows, and nothing else', async () => {
      await expect(pack('-c.linux.unknown=1')).rejects.toMatchObject({
        stdout: expect.stringMatching(/configuration\.linux should be/),
      })
      expect(CONFIGURATION).toMatch(/^publish: null$/m)
      expect(existsSync(join(resources, 'app-update.yml'))).toBe(false)
    })

    test('has its fuses set', async () => {
      const wire = await getCurrentFuseWire(join(resources, '../mysterium'))
      const on = (fuse: FuseV1Options) => wire[fuse] === FuseState.ENABLE
      expect({
        runAsNode: on(FuseV1Options.RunAsNode),
        nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
        inspect: on(FuseV1Options.EnableNodeCliInspectArguments),
        fileScheme: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
        integrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
        onlyArchive: on(FuseV1Options.OnlyLoadAppFromAsar),
        cookies: on(FuseV1Options.EnableCookieEncryption),
      }).toEqual({
        ...{ runAsNode: false, nodeOptions: false, inspect: false, fileScheme: false },
        ...{ integrity: true, onlyArchive: true, cookies: true },
      })
    })

    test('holds what it runs and no sources, tests or tools', () => {
      const files = listPackage(join(resources, 'app.asar'), { isPack: false })
      expect(files).toEqual(
        expect.arrayContaining(['/out/main/index.js', '/out/preload/index.cjs', '/out/renderer/index.html']),
      )
      const tops = new Set(files.map((file) => file.split('/')[1]))
      expect([...tops].sort()).toEqual(['node_modules', 'out', 'package.json'])
      for (const tool of [
        'electron',
        'node',
        'react',
        'vite',
        'electron-builder',
        '@foundry-rs',
        'aedes',
        'typescript',
      ])
        expect(files).not.toContain(`/node_modules/${tool}`)
      // Root runs it: it must not be read out of an archive that only Electron can open.
      expect(files).not.toContain('/out/main/helper.js')
    })

    test('the helper and its Node stand beside the archive and run', async () => {
      const node = join(resources, 'node')
      expect((await run(node, ['--version'])).stdout).toMatch(/^v24\./)
      const helper = join(resources, 'helper.js')
      expect(statSync(helper).isFile()).toBe(true)
      expect((await run(node, ['--check', helper])).stderr).toBe('')
    })

    test('every file that the Debian package puts elsewhere is there, where the units look for it', () => {
      const pairs = [...CONFIGURATION.matchAll(/^ {4}- (\S+)=(\/\S+)$/gm)].map(([, from = '', to = '']) => [from, to])
      expect(pairs.length).toBeGreaterThan(6)
      for (const [from = ''] of pairs) expect([from, existsSync(join(ROOT, from))]).toEqual([from, true])
      const placed = pairs.map(([, to]) => to)
      for (const [from = ''] of pairs.filter(([name]) => name?.endsWith('.service'))) {
        const text = readFileSync(join(ROOT, from), 'utf8')
        for (const [path] of text.matchAll(/\/usr\/lib\/mysterium\/[\w./-]+/g)) expect(placed).toContain(path)
      }
    })

    test('runs, with nothing but what is in the package', async () => {
      const unpacked = join(dir, 'app')
      extractAll(join(resources, 'app.asar'), unpacked)
      const started = await startDouble(
        { home: join(dir, 'home'), network: nowhereNetwork(dir) },
        join(unpacked, 'out/main/index.js'),
      )
      try {
        const page = await Promise.race([
          started.double.firstPage,
          started.double.exited.then(() => Promise.reject(new Error(started.double.dialogs.join('\n')))),
        ])
        await page.waitForFunction(() => (document.querySelector('#root')?.textContent ?? '').length > 20)
        started.double.quit()
        expect(await started.double.exited).toBe(0)
      } finally {
        await started.dispose()
      }
    })
  },
)
