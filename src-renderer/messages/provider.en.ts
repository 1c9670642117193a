/** What a provider earns and risks. */
export const providerEn = {
  byDay: 'Earnings by day',
  span: 'Shown',
  days: (count: string) => `${count} days`,
  byDayFailed: 'The earnings could not be read.',
  byDayLoading: 'Reading the earnings…',
  byDayNone: 'Nothing was earned in these days. What people promise and what is cleared will be here, day by day.',
  byDayPicture: 'Bars of what was promised and what was cleared each day; the table below has the figures',
  promised: 'Promised',
  cleared: 'Cleared',
  clearedHint: 'Arrived in your balance, after the network’s fee.',
  asTable: 'As a table',
  day: 'Day',
}
