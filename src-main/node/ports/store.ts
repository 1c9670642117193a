/** A value that sqlite keeps: amounts and other bigints beyond 64 bits are stored as decimal TEXT. */
export type StoreValue = string | number | bigint | Uint8Array | null
export type Row = Record<string, StoreValue>

/**
 * One relational store per node. Every call is synchronous and durable when it returns (WAL with
 * synchronous=FULL): this is what "persist, then act" stands on. INTEGER columns come back as number
 * when safe, so keep money in TEXT. A repository in `storage/` is the only thing that writes SQL.
 */
export type Store = {
  run(sql: string, ...params: StoreValue[]): { changes: number }
  get(sql: string, ...params: StoreValue[]): Row | undefined
  all(sql: string, ...params: StoreValue[]): Row[]
  /** All or nothing; nested calls join the outer one. */
  transaction<T>(work: () => T): T
  close(): void
}
