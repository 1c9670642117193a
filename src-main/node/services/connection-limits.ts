/** What one session may do when its provider chose nothing else: plenty for a household, too little for an attack. */
export const DEFAULT_CONNECTIONS = { maxConnections: 2_000, newConnectionsPerSecond: 100 } as const
