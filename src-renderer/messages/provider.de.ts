import type { Messages } from './en.ts'
import { plural } from './plural.ts'

/** German; see `de.ts`. */
export const providerDe: Messages['provider'] = {
  byDay: 'Einnahmen nach Tagen',
  span: 'Gezeigt',
  days: (count) => `${count} Tage`,
  byDayFailed: 'Die Einnahmen konnten nicht gelesen werden.',
  byDayLoading: 'Die Einnahmen werden gelesen…',
  byDayNone: 'In diesen Tagen kam nichts ein. Hier steht dann Tag für Tag, was verdient und was eingelöst wurde.',
  byDayPicture: 'Balken für das, was jeden Tag verdient und eingelöst wurde; die Tabelle darunter nennt die Beträge',
  earned: 'Verdient',
  cleared: 'Eingelöst',
  clearedHint: 'Im Guthaben angekommen, nach Abzug der Netzgebühr.',
  asTable: 'Als Tabelle',
  day: 'Tag',
  riskFailed: 'Was andere schulden, konnte nicht gelesen werden.',
  owed: 'Außenstände',
  owes: 'Schuldet Ihnen',
  verdicts: {
    covered: 'Gedeckt',
    'near-limit': 'Nahe der Grenze',
    'at-limit': 'An der Grenze',
    'not-covered': 'Nicht gedeckt',
    unknown: 'Unbekannt',
  },
  verdictTexts: {
    covered: 'Das Konto auf der Blockchain deckt alles, was bekanntermaßen zugesagt ist, und noch etwas mehr.',
    'near-limit':
      'Noch wird bezahlt, doch das Konto deckt das Zugesagte nur knapp, oder der Kredit ist fast verbraucht.',
    'at-limit': 'Mehr wird erst angenommen, wenn etwas eingelöst ist oder mehr auf dem Konto liegt.',
    'not-covered':
      'Zugesagt ist mehr, als auf dem Konto liegt. Mehr wird nicht angenommen, und darüber hinaus nicht bedient.',
    unknown: 'Ihre Kopie der Blockchain ist alt. Mehr wird erst angenommen, wenn die Blockchain antwortet.',
  },
  owesUncleared: 'Geschuldet, nicht eingelöst',
  promises: (count) => `in ${count.text} ${plural(count, 'Zusage', 'Zusagen')}`,
  credit: 'Kredit',
  creditHint: 'So viel darf geschuldet sein, bevor eingelöst wird. Er wächst mit dem, was eingelöst wurde.',
  creditUsed: (share, credit) => `${share} von ${credit} verbraucht`,
  balance: 'Auf dem Konto der Blockchain',
  balanceUnknown: (last) => `Gerade unbekannt; zuletzt ${last}`,
  leaving: 'Eine Auszahlung ist angekündigt.',
  elsewhere: 'Anderen zugesagt',
  elsewhereHint: 'Soweit andere Anbieter davon berichtet haben.',
  beyond: 'Auf dem Konto über alle Zusagen hinaus',
  missing: 'Fehlt für alle Zusagen',
  clearedBefore: 'Bisher bei Ihnen eingelöst, samt Netzgebühr',
  earnedHere: 'In dieser Sitzung verdient',
  nextClearing: 'Nächste Einlösung',
  clearingBy: (when) => `Bis ${when}`,
  clearings: {
    'at-once': 'Sofort, wie gewählt',
    threshold: 'Jetzt: Genug ist zusammengekommen',
    'credit-used-up': 'Jetzt: Der Kredit ist verbraucht',
    age: 'Jetzt: Lange genug gewartet',
    'balance-at-risk': 'Jetzt: Das Konto ist fast leer',
    'withdrawal-announced': 'Jetzt: Eine Auszahlung steht bevor',
    waiting: 'Sobald mehr geschuldet ist',
    'costs-more': 'Später: Es würde mehr kosten als einbringen',
  },
  notConnected: 'Gerade nicht verbunden',
  waitingSum: (promises, people, amount) =>
    `${promises.text} ${plural(promises, 'Zusage', 'Zusagen')} von ${people.text} ${plural(people, 'Person', 'Personen')}: ${amount}.`,
  schedule: (by, from) =>
    by && from
      ? `Eingelöst bis ${by}, oder sobald eine Person ${from} schuldet.`
      : by
        ? `Eingelöst bis ${by}.`
        : from
          ? `Eingelöst, sobald eine Person ${from} schuldet.`
          : 'Eingelöst, wenn Sie es wünschen, wenn ein Ausfall droht oder wenn jemandes Kredit verbraucht ist.',
  dueNow: 'Ein Teil davon wird gerade eingelöst.',
  dueNoGas: 'Ein Teil davon ist fällig, doch für das Einlösen ist zu wenig Ether an Ihrer Einzahlungsadresse.',
  tooLittle: (people) =>
    `Was ${people.text} ${plural(people, 'Person schuldet', 'Personen schulden')}, ist noch zu wenig: Jede Einlösung kostet eine Gebühr der Blockchain, darum wird gewartet, bis mehr zusammengekommen ist.`,
  changeSchedule: 'Zeitpunkt ändern',
  reach: 'Sind Sie erreichbar?',
  reaches: { public: 'Öffentliche Adresse', 'behind-router': 'Hinter einem Router', unknown: 'Unbekannt' },
  reachNever:
    'Vergleicht die Adresse, die andere sehen, mit denen dieses Computers. Gefragt wird ein Server, den das Netz nennt.',
  reachCheck: 'Prüfen',
  reachChecking: 'Wird geprüft…',
  reachPublic: (address) =>
    `Andere sehen ${address}, und das ist dieser Computer. Er ist erreichbar, wenn keine Firewall im Weg ist.`,
  reachRouter: (address, own) =>
    `Andere sehen ${address}, und das ist nicht dieser Computer, sondern ein Router oder der Internetanbieter. Er muss Ports an ${own} weiterleiten; welche, steht beim Teilen hier.`,
  reachForward: (address, ports, own) =>
    `Andere sehen ${address}. Erreichbar ist dieser Computer nur, wenn der Router ${ports} an ${own} weiterleitet, an dieselben Ports.`,
  reachUnknown: {
    'no-probe': 'Dieses Netz nennt keinen Server, der sagen könnte, wie andere diesen Computer sehen.',
    'no-answer': 'Kein Server sagte, wie andere diesen Computer sehen.',
    tunnel: 'Solange ein VPN diesen Computer schützt, sehen andere dessen Adresse. Trennen Sie es, um zu prüfen.',
    'other-family':
      'Andere sehen diesen Computer unter einer anderen Art von Adresse (IPv4 oder IPv6) als der geteilten.',
  },
  reachMoved:
    'Die Adresse hat sich seit dem Beginn geändert. Beenden Sie das Teilen und beginnen Sie neu, damit andere Sie finden.',
  reachTried: (when) => `Versucht ${when}.`,
  reachAt: (when) => `Geprüft ${when}. Verglichen wurden Adressen; kein Port wurde ausprobiert.`,
}
