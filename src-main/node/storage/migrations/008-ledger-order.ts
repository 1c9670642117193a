import type { Migration } from './migration.ts'

/**
 * Received promises in the order of their serials, and those not cleared of one issuer: asked for with every
 * promise that comes in, and never again all that was ever cleared.
 */
export const ledgerOrder: Migration = {
  number: 8,
  name: 'ledger-order',
  up(store) {
    store.run('CREATE INDEX promise_received_in_order ON promise_received (identity, peer, length(serial), serial)')
    store.run("CREATE INDEX promise_received_open ON promise_received (peer) WHERE state <> 'cleared'")
  },
}
