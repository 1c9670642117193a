/** One JSON-RPC request as it passes. */
export type RpcRequest = { id: number; method: string; params: unknown[] }
export type RpcReply = { result?: unknown; error?: { code: number; message: string } }
/**
 * What a node makes of a request; `real` asks the real one. Throwing is a connection that breaks; a
 * `Response` is sent as it is.
 */
export type RpcNode = (
  request: RpcRequest,
  real: (request?: RpcRequest) => Promise<RpcReply>,
) => Promise<RpcReply | Response>

export const honest: RpcNode = (_request, real) => real()

/**
 * Several JSON-RPC nodes by name in front of one real chain, each of them honest or not: a `fetch` for
 * `createChain`, and the addresses for its network file.
 */
export function createRpcNodes(target: string, nodes: Record<string, RpcNode>): { rpc: string[]; fetch: typeof fetch } {
  return {
    rpc: Object.keys(nodes).map((name) => `http://${name}.test`),
    async fetch(url, init) {
      const node = nodes[new URL(String(url)).hostname.replace(/\.test$/, '')]
      const request = JSON.parse(String(init?.body)) as RpcRequest
      const real = async (asked = request) =>
        (await (
          await fetch(target, { ...init, body: JSON.stringify({ jsonrpc: '2.0', ...asked }) })
        ).json()) as RpcReply
      if (!node) throw new TypeError('no such node')
      const reply = await node(request, real)
      return reply instanceof Response ? reply : Response.json({ jsonrpc: '2.0', id: request.id, ...reply })
    },
  }
}
