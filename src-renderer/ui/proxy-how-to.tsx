import { m } from '../messages/index.ts'
import { CopyButton } from './copy-button.tsx'

/** How to point something at the proxy. No name goes into a command, only the port. */
export function ProxyHowTo({ port }: { port: number }) {
  const address = `127.0.0.1:${port}`
  // "socks5" of Chromium leaves names to the proxy as well; the rule keeps it from looking them up ahead.
  const chrome = `google-chrome --proxy-server="socks5://${address}" --host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1" --user-data-dir="$HOME/chrome-${port}"`
  return (
    <details className="proxy-how">
      <summary>{m.programs.howTo}</summary>
      <p className="muted">{m.programs.howToText}</p>
      <dl>
        <dt>Firefox</dt>
        <dd>{m.programs.firefox(String(port))}</dd>
        <dt>Chrome, Chromium</dt>
        <dd>
          {m.programs.chrome}
          <Command tool="Chrome" text={chrome} />
        </dd>
        <dt>curl</dt>
        <dd>
          {m.programs.curl}
          <Command tool="curl" text={`curl --proxy socks5h://${address} https://example.com`} />
        </dd>
      </dl>
    </details>
  )
}

function Command({ tool, text }: { tool: string; text: string }) {
  return (
    <span className="address">
      <code>{text}</code>
      <CopyButton text={text} label={m.programs.copyCommand(tool)} />
    </span>
  )
}
