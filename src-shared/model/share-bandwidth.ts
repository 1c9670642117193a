/** The least that an offer can say. */
const LEAST_MBPS = 0.1

/** What each service gets of the whole: it limits its own sessions, and equal parts keep the sum below it. */
export const partOfTotal = (totalMbps: number, services: number): number => totalMbps / services

/** What an offer says, in Mbit/s: what one person may use, and no more than there is for all who use the service. */
export function offeredBandwidth(perPersonMbps: number, totalMbps: number | undefined, services: number): number {
  if (totalMbps === undefined) return perPersonMbps
  return Math.max(LEAST_MBPS, Math.min(perPersonMbps, partOfTotal(totalMbps, services)))
}
