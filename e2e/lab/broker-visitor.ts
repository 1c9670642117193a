import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'
import { openKeystore } from '../../src-main/node/identity/keystore-cipher.ts'
import { parseKeystore } from '../../src-main/node/identity/keystore-format.ts'
import { createUnlockedIdentity } from '../../src-main/node/identity/unlocked-identity.ts'
import { audienceOf, inboxTopic, proveLogin } from '../../src-main/node/messaging/broker-login.ts'
import { parseNetworkFile } from '../../src-shared/contract/network-file.ts'

/**
 * A curious client of the broker, with its own software: proves the identity of a keystore file (its
 * passphrase in MYST_PASSPHRASE), then subscribes to whatever it is told. Prints `{"refused":CODE}` and
 * ends, or `{"in":ID}` and `{"heard":TOPIC}` for each message. At Ctrl-C it writes to its own inbox and
 * ends when it has heard that: the connection worked to the end.
 *
 *   node e2e/lab/broker-visitor.ts NETWORK_FILE KEYSTORE_FILE [TOPIC…]
 */
const [networkPath = '', keystorePath = '', ...topics] = process.argv.slice(2)
const network = parseNetworkFile(readFileSync(networkPath, 'utf8'), networkPath)
const keystore = parseKeystore(readFileSync(keystorePath, 'utf8'), keystorePath)
const { privateKey } = await openKeystore(keystore, process.env.MYST_PASSPHRASE ?? '', keystorePath)
const identity = createUnlockedIdentity(privateKey)
const own = inboxTopic(identity.id)
const broker = network.brokers[0] ?? ''
const proof = proveLogin(identity, {
  chainId: BigInt(network.chainId),
  audience: audienceOf(broker),
  nowMs: Date.now(),
})

const print = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`)
const client = mqtt.connect(broker, { ...proof, protocolVersion: 4, clean: true, reconnectPeriod: 0 })
client.on('error', (error) => print('code' in error ? { refused: error.code } : { failed: error.message }))
client.on('message', (topic) => {
  print({ heard: topic })
  if (topic === own) client.end(true)
})
client.once('connect', async () => {
  for (const topic of [own, ...topics]) await client.subscribeAsync(topic, { qos: 0 }).catch(() => undefined)
  print({ in: identity.id })
})
process.once('SIGINT', () => client.publish(own, 'still here'))
client.once('close', () => process.exit(0))
