import { defineConfig } from 'vitest/config'
import { worldPlugin } from './src-renderer/features/connect/draw-world.ts'

// Unit and compliance tests: everything beside the code. What needs the lab (root, namespaces, a
// browser) is under e2e and has a configuration of its own.
export default defineConfig({
  plugins: [worldPlugin()],
  test: {
    include: ['src-*/**/*.test.{ts,tsx}', 'scripts/**/*.test.{ts,mjs}'],
    // For a test that hangs. A busy machine may make any test ten times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    // Many of them wait more than they reckon.
    maxWorkers: '100%',
  },
})
