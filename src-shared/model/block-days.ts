/** On Ethereum, to say in days what the chain counts in blocks. A test network makes blocks as it likes. */
export const BLOCKS_PER_DAY = 7_200

/** Rounded, and 0 below half a day. */
export const blockDays = (blocks: number): number => Math.round(blocks / BLOCKS_PER_DAY)
