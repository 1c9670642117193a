import type { RiskView } from '#shared/contract/answers.ts'
import type { Reach } from '#shared/contract/state.ts'
import { type Counted, plural } from './plural.ts'

/** What a provider earns and risks. */
export const providerEn = {
  byDay: 'Earnings by day',
  span: 'Shown',
  days: (count: string) => `${count} days`,
  byDayFailed: 'The earnings could not be read.',
  byDayLoading: 'Reading the earnings…',
  byDayNone: 'Nothing was earned in these days. What you earn and what you collect will be here, day by day.',
  byDayPicture: 'Bars of what was earned and what was collected each day; the table below has the figures',
  earned: 'Earned',
  cleared: 'Collected',
  clearedHint: 'Arrived in your balance, after the network’s fee.',
  asTable: 'As a table',
  day: 'Day',
  riskFailed: 'What others owe could not be read.',
  owed: 'Owed to you',
  owes: 'Owes you',
  verdicts: {
    covered: 'Covered',
    'near-limit': 'Close to the limit',
    'at-limit': 'At the limit',
    'not-covered': 'Not covered',
    unknown: 'Balance unknown',
  } satisfies Record<RiskView['verdict'], string>,
  verdictTexts: {
    covered: 'Its account on the chain covers what it promised to everybody known, with some to spare.',
    'near-limit':
      'It still pays, but its account hardly covers what it promised, or it owes nearly all that you allow.',
    'at-limit': 'Nothing more is taken from it before something is collected, or its account holds more.',
    'not-covered':
      'It promised more than its account holds. Nothing more is taken from it, and it is not served beyond that.',
    unknown: 'This node’s copy of the chain is old. Nothing more is taken from it until the chain answers.',
  } satisfies Record<RiskView['verdict'], string>,
  owesUncleared: 'Owes you, not collected',
  promises: (count: Counted) => `in ${count.text} ${plural(count, 'promise', 'promises')}`,
  credit: 'Credit',
  creditHint: 'What you let it owe before you collect. It grows with what you collected from it.',
  creditUsed: (share: string, credit: string) => `${share} of ${credit} used`,
  balance: 'In its account on the chain',
  balanceUnknown: (last: string) => `Not known now; ${last} when it was last`,
  leaving: 'It announced a withdrawal.',
  elsewhere: 'Promised to others',
  elsewhereHint: 'As far as other providers told.',
  beyond: 'In its account beyond all promises',
  missing: 'Missing for all promises',
  clearedBefore: 'Collected from it so far, network’s fee included',
  earnedHere: 'Earned in this session',
  nextClearing: 'Next collection',
  clearingBy: (when: string) => `By ${when}`,
  clearings: {
    'at-once': 'At once, as you chose',
    threshold: 'Now: enough has come together',
    'credit-used-up': 'Now: its credit is used up',
    age: 'Now: it has waited long enough',
    'balance-at-risk': 'Now: its account is nearly used up',
    'withdrawal-announced': 'Now: it is about to withdraw',
    waiting: 'When it owes more',
    'costs-more': 'Later: it would cost more than it brings',
  } satisfies Record<RiskView['clearing'], string>,
  notConnected: 'Not connected now',
  waitingSum: (promises: Counted, people: Counted, amount: string) =>
    `${promises.text} ${plural(promises, 'promise', 'promises')} of ${people.text} ${plural(people, 'person', 'people')}: ${amount}.`,
  schedule: (by: string | undefined, from: string | undefined) =>
    by && from
      ? `Collected by ${by}, or as soon as one person owes ${from}.`
      : by
        ? `Collected by ${by}.`
        : from
          ? `Collected as soon as one person owes ${from}.`
          : 'Collected when you ask for it, when it is at risk, or when one person’s credit is used up.',
  dueNow: 'Some of it is being collected now.',
  dueNoGas: 'Some of it is due, but there is too little ether at your deposit address to collect it.',
  tooLittle: (people: Counted) =>
    `What ${people.text} ${plural(people, 'person owes', 'people owe')} is too little for now: each collection costs a fee of the chain, so it waits until more has come together.`,
  changeSchedule: 'Change the schedule',
  reach: 'Can others reach you?',
  reaches: { public: 'Public address', 'behind-router': 'Behind a router', unknown: 'Not known' } satisfies Record<
    Reach['verdict'],
    string
  >,
  reachNever:
    'Compares the address that others see with those of this computer. A server that the network names is asked.',
  reachCheck: 'Check',
  reachChecking: 'Checking…',
  reachPublic: (address: string) =>
    `Others see ${address}, which is this computer. They can reach it unless a firewall is in the way.`,
  reachRouter: (address: string, own: string) =>
    `Others see ${address}, which is not this computer but a router or your provider. It has to forward ports to ${own}; which ones is shown here while you share.`,
  reachForward: (address: string, ports: string, own: string) =>
    `Others see ${address} and reach you only if your router forwards ${ports} to ${own}, port for port.`,
  reachUnknown: {
    'no-probe': 'This network names no server that could tell how others see this computer.',
    'no-answer': 'No server told how others see this computer.',
    tunnel: 'While a VPN protects this computer, others see the VPN’s address. Disconnect to check.',
    'other-family': 'Others see this computer over another kind of address (IPv4 or IPv6) than the one you share with.',
  } satisfies Record<NonNullable<Reach['why']>, string>,
  reachMoved: 'Your address changed since you began to share. Stop sharing and start again, so that people find you.',
  reachTried: (when: string) => `Tried ${when}.`,
  reachAt: (when: string) => `Checked ${when}. Addresses were compared; no port was tried.`,
}
