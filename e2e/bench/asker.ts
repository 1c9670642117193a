import { Agent, get } from 'node:http'

// Asks a page every 10 ms, one question at a time, and prints each answer (`restart.ts`).
const url = process.argv[2] ?? ''
const agent = new Agent({ keepAlive: false })

function ask(): void {
  const askedAt = Date.now()
  const again = () => void setTimeout(ask, 10)
  const request = get(url, { agent, timeout: 250 }, (response) => {
    let seen = ''
    response.setEncoding('latin1').on('data', (text: string) => {
      seen += text
    })
    response.on('end', () => process.stdout.write(`${JSON.stringify({ askedAt, answeredAt: Date.now(), seen })}\n`))
  })
  request.on('timeout', () => request.destroy())
  request.on('error', () => undefined)
  request.once('close', again)
}

ask()
