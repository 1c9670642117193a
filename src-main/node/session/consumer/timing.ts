/** All in milliseconds. */
export type ConsumerTiming = {
  /** Own counters, rates and the decision to pay. */
  tickMs: number
  /** How long a provider may stay silent that is asked first, while another one could be asked. */
  reachMs: number
  adviceMs: number
  startMs: number
  /** All that is asked before a new tunnel counts as verified. */
  verifyMs: number
  /** When a transfer that has not come through by then is tried in smaller packets. */
  wholeMs: number
  /** One look at a tunnel that stands, and one probe outside of any. */
  probeMs: number
  directProbeMs: number
  /** Metering beyond the tolerance is looked at again so much later: what it counted may be on the way. */
  recheckMs: number
  /** How long nothing may come back before payments stop growing … */
  quietMs: number
  /** … and before the tunnel is looked at. */
  stallMs: number
  /** … and how long the provider may send no metering, where it sends one every ten seconds. */
  unheardMs: number
  /** The clock on the wall has jumped when it is so far from where the ticks say. */
  jumpMs: number
  /** After a payment that was not taken. */
  payRetryMs: number
  /** How long the last metering is awaited when disconnecting. */
  closeMs: number
  /** Attempts to reconnect in all, the first pause between two rounds, and how many others are tried in one. */
  reconnectAttempts: number
  reconnectPauseMs: number
  reconnectOthers: number
  /** A session that lasted so long is no sequel of the one before. */
  stableMs: number
}

export const CONSUMER_TIMING: ConsumerTiming = {
  tickMs: 1_000,
  reachMs: 6_000,
  adviceMs: 10_000,
  startMs: 60_000,
  verifyMs: 4_500,
  wholeMs: 1_500,
  // With the stall before it and a second look: a verdict within 15 s of the last byte.
  probeMs: 3_500,
  directProbeMs: 3_000,
  recheckMs: 2_000,
  quietMs: 2_000,
  stallMs: 5_000,
  unheardMs: 15_000,
  jumpMs: 5_000,
  payRetryMs: 5_000,
  closeMs: 3_000,
  reconnectAttempts: 6,
  reconnectPauseMs: 2_000,
  reconnectOthers: 3,
  stableMs: 60_000,
}
