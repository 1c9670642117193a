import { contextBridge, ipcRenderer } from 'electron'

// All that the page can reach. Texts only, in the contract's encoding (src-shared/contract/wire.ts);
// the door behind it (doors/ipc.ts) parses them, so nothing here is trusted with a decision.
contextBridge.exposeInMainWorld('myst', {
  command: (name: string, encodedInput: string): Promise<string> =>
    ipcRenderer.invoke('myst:command', String(name), String(encodedInput)),
  /** The first message is a snapshot; subscribing again asks for a new one. */
  onState(listener: (encodedStateMessage: string) => void): () => void {
    const pass = (_event: unknown, message: unknown) => listener(String(message))
    ipcRenderer.on('myst:state', pass)
    ipcRenderer.send('myst:state')
    return () => {
      ipcRenderer.off('myst:state', pass)
    }
  },
})
