import { defineConfig } from 'vitest/config'

// What needs the lab (root, namespaces), real OpenVPN or a real browser. One file at a time: they share
// two processors and some of them measure.
export default defineConfig({
  test: {
    include: ['e2e/{lab,journeys,gallery,desktop,crash,leak}/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    retry: 0,
  },
})
