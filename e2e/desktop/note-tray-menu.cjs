// Loaded by Electron before the app, in tests only: keeps the tray's menu where a test can read it.
const { Tray } = require('electron')
const { setContextMenu } = Tray.prototype
Tray.prototype.setContextMenu = function (menu) {
  globalThis.trayMenu = menu
  return setContextMenu.call(this, menu)
}
