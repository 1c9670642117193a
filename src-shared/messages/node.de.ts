import type { NodeSentences } from './translate.ts'

/** German. A sentence that is not here is shown as the node says it. */
export const nodeDe: NodeSentences = {
  // Of two sentences one is made.
  '{} Nobody could take over: {}': '{0} Niemand konnte übernehmen: {1}',
  '{} No other offer matches your choice, and this provider did not come back: {}':
    '{0} Kein anderes Angebot passt zu Ihrer Auswahl, und dieser Anbieter kam nicht zurück: {1}',
  '{} Lockdown is on: nothing leaves this computer but through a VPN.':
    '{0} Lockdown ist an: Nichts verlässt diesen Computer, außer durch ein VPN.',
  'The block of before stands as it is. {}': 'Die bisherige Sperre steht unverändert. {0}',
  'Your internet is not blocked. {}': 'Ihr Internet ist nicht gesperrt. {0}',
  'Your internet could not be restored. {}': 'Ihr Internet konnte nicht freigegeben werden. {0}',

  // Refusals of the other side.
  'The other side does not know this kind of message; one of the two needs an update.':
    'Die Gegenseite kennt diese Art von Nachricht nicht; eine der beiden braucht eine neuere Version.',
  'The other side could not read the message.': 'Die Gegenseite konnte die Nachricht nicht lesen.',
  'The provider no longer makes this offer; choose another one.':
    'Der Anbieter macht dieses Angebot nicht mehr; wählen Sie ein anderes.',
  'The provider cannot start this service at the moment; try another one.':
    'Der Anbieter kann diesen Dienst zurzeit nicht starten; versuchen Sie einen anderen.',
  'The provider serves as many people as it allows; try again later or choose another.':
    'Der Anbieter ist ausgelastet; versuchen Sie es später noch einmal oder wählen Sie einen anderen.',
  'The provider serves at certain hours of the day only; try again later or choose another.':
    'Der Anbieter ist nur zu bestimmten Uhrzeiten da; versuchen Sie es später noch einmal oder wählen Sie einen anderen.',
  'The provider has carried as much as it allows for this month; choose another one.':
    'Das Monatsvolumen des Anbieters ist verbraucht; wählen Sie einen anderen.',
  'The session data was refused as invalid.': 'Die Daten der Sitzung wurden als ungültig zurückgewiesen.',
  'The provider wants to be paid ahead before it opens a session.':
    'Der Anbieter möchte im Voraus bezahlt werden, bevor er eine Sitzung eröffnet.',
  'The promise is not signed by its issuer.': 'Die Zusage ist nicht von ihrem Aussteller unterschrieben.',
  'The promise names another issuer or benefiter.': 'Die Zusage nennt einen anderen Aussteller oder Empfänger.',
  'The promise carries a serial that was already cleared; a new serial is needed.':
    'Die Zusage trägt eine schon eingelöste Nummer; es braucht eine neue.',
  'The promise carries an older serial than one already accepted.':
    'Die Zusage trägt eine ältere Nummer als eine schon angenommene.',
  'The provider asked for a new promise instead of an update.':
    'Der Anbieter hat statt einer erhöhten eine neue Zusage verlangt.',
  'The promise is not higher than the one already accepted.': 'Die Zusage ist nicht höher als die schon angenommene.',
  'The increase is smaller than the provider accepts.': 'Die Erhöhung ist kleiner, als der Anbieter annimmt.',
  'The promise exceeds half of the value the issuer registered with.':
    'Die Zusage übersteigt die Hälfte dessen, womit der Aussteller registriert ist.',
  "The issuer's balance does not cover the promise; deposit more MYST.":
    'Das Guthaben des Ausstellers deckt die Zusage nicht; zahlen Sie mehr MYST ein.',
  'The provider clears what you promised first; try again in a moment.':
    'Der Anbieter löst erst ein, was Sie bisher zugesagt haben; versuchen Sie es gleich noch einmal.',
  'The other side cannot reach the chain to check the promise; try again in a moment.':
    'Die Gegenseite erreicht die Blockchain nicht, um die Zusage zu prüfen; versuchen Sie es gleich noch einmal.',
  'The provider is not sharing at the moment; choose another one.':
    'Der Anbieter teilt zurzeit nicht; wählen Sie einen anderen.',
  'The other side is shutting down.': 'Die Gegenseite wird gerade beendet.',

  // Of a page's door.
  'Too many wrong passphrases; try again in {} s.':
    'Zu viele falsche Passphrasen; versuchen Sie es in {0} s noch einmal.',

  // Of a connection.
  'Register the identity first; providers accept messages from registered identities only.':
    'Registrieren Sie erst die Identität; Anbieter nehmen nur Nachrichten von registrierten an.',
  'No proposal matches; loosen the filters, or wait until the chain is copied.':
    'Kein Angebot passt; lockern Sie die Filter oder warten Sie, bis die Blockchain gelesen ist.',
  'You have not connected to anybody yet, so there is no last provider.':
    'Sie waren noch mit niemandem verbunden, also gibt es keinen letzten Anbieter.',
  Connecting: 'Das Verbinden',
  Sharing: 'Das Teilen',
  '{} waits until you unlock your identity.': '{0} wartet, bis Sie Ihre Identität entsperren.',
  '{} waits for the chain.': '{0} wartet auf die Blockchain.',
  '{} waits until your identity is registered.': '{0} wartet, bis Ihre Identität registriert ist.',
  '{} waits for the message broker.': '{0} wartet auf den Nachrichten-Broker.',
  'Another identity shared last; start sharing with this one yourself.':
    'Zuletzt hat eine andere Identität geteilt; beginnen Sie mit dieser selbst.',
  'The connection failed for a reason that is in the log.':
    'Die Verbindung ist fehlgeschlagen; der Grund steht im Protokoll.',
  'The attempt failed for a reason that is in the log.':
    'Der Versuch ist fehlgeschlagen; der Grund steht im Protokoll.',
  'There is a connection already; disconnect it first.': 'Es gibt schon eine Verbindung; trennen Sie erst diese.',
  'Restore the internet first: a proxy cannot be reached while it is blocked.':
    'Geben Sie erst das Internet frei: Solange es gesperrt ist, ist kein Proxy zu erreichen.',
  'The program ended while it protected your traffic, so nothing is let out until you say so.':
    'Das Programm wurde beendet, während es Ihren Datenverkehr schützte; darum kommt nichts hinaus, bis Sie es erlauben.',
  'What was paid ahead ran out.': 'Das Vorausbezahlte war aufgebraucht.',
  'The hours of the day at which the provider serves are over.': 'Die Uhrzeiten des Anbieters sind vorüber.',
  'The provider has carried as much as it allows for this month.': 'Das Monatsvolumen des Anbieters ist verbraucht.',
  'The provider lost the tunnel.': 'Der Anbieter hat den Tunnel verloren.',
  'The provider closed the session.': 'Der Anbieter hat die Sitzung beendet.',
  'Lockdown is on: nothing leaves this computer but through a VPN.':
    'Lockdown ist an: Nichts verlässt diesen Computer, außer durch ein VPN.',
  'The session is gone.': 'Die Sitzung gibt es nicht mehr.',
  'Nothing comes back through the tunnel any more.': 'Durch den Tunnel kommt nichts mehr zurück.',
  'The program was closed.': 'Das Programm wurde beendet.',
  'There is no provider to try.': 'Es gibt keinen Anbieter, der versucht werden könnte.',
  'The provider wants at least {} MYST more ahead, and at most {} MYST may be at risk with one provider.':
    'Der Anbieter möchte mindestens {0} MYST mehr im Voraus, und höchstens {1} MYST dürfen bei einem Anbieter auf dem Spiel stehen.',
  'The provider charged more than the price it had signed.':
    'Der Anbieter hat mehr verlangt als den unterschriebenen Preis.',
  'The provider counted more traffic than passed through the tunnel.':
    'Der Anbieter hat mehr Daten gezählt, als durch den Tunnel gingen.',
  'The connection attempt was cancelled.': 'Der Verbindungsversuch wurde abgebrochen.',
  'The session ended.': 'Die Sitzung ist beendet.',
  'The session could not be opened.': 'Die Sitzung konnte nicht eröffnet werden.',
  'The provider did not say how it wants to be paid.': 'Der Anbieter hat nicht gesagt, wie er bezahlt werden möchte.',
  'The provider answered with nonsense.': 'Die Antwort des Anbieters ergibt keinen Sinn.',
  'The dialogue was closed.': 'Der Dialog wurde beendet.',
  'The provider ended the dialogue.': 'Der Anbieter hat den Dialog beendet.',
  'A new dialogue with the same provider took the place of this one.':
    'Ein neuer Dialog mit demselben Anbieter hat diesen abgelöst.',
  'The provider does not answer any more.': 'Der Anbieter antwortet nicht mehr.',
  'The provider does not answer; it may be offline.': 'Der Anbieter antwortet nicht; vielleicht ist er offline.',
  'The dialogue with the provider broke.': 'Der Dialog mit dem Anbieter ist abgerissen.',
  'Nothing came back through the tunnel.': 'Durch den Tunnel kam nichts zurück.',
  'The tunnel does not change your address.': 'Der Tunnel ändert Ihre Adresse nicht.',
  'Small packets pass through the tunnel and large ones do not; try another provider.':
    'Kleine Pakete kommen durch den Tunnel, große nicht; versuchen Sie einen anderen Anbieter.',
  'No names are answered through the tunnel; try another provider.':
    'Durch den Tunnel werden keine Namen beantwortet; versuchen Sie einen anderen Anbieter.',
  'Your DNS server {} does not answer through this connection; change it in Settings.':
    'Ihr DNS-Server {0} antwortet durch diese Verbindung nicht; ändern Sie ihn in den Einstellungen.',
  'The provider has not said what it asks for.': 'Der Anbieter hat nicht gesagt, was er verlangt.',
  'The provider did not answer the payment.': 'Der Anbieter hat auf die Zahlung nicht geantwortet.',
  'The other side did not answer in time.': 'Die Gegenseite hat nicht rechtzeitig geantwortet.',
  'The other side closed the dialogue.': 'Die Gegenseite hat den Dialog beendet.',
  'The other side fell silent.': 'Die Gegenseite ist verstummt.',
  'The other side did not answer.': 'Die Gegenseite hat nicht geantwortet.',
  'The other side does not answer; it may be offline.': 'Die Gegenseite antwortet nicht; vielleicht ist sie offline.',
  'This identity is not registered, so nobody can speak with it.':
    'Diese Identität ist nicht registriert; niemand kann mit ihr sprechen.',

  // Of tunnel and proxy.
  'The connection to the provider was lost.': 'Die Verbindung zum Anbieter ging verloren.',
  'The provider sent session data that make no sense; try another one.':
    'Die Sitzungsdaten des Anbieters ergeben keinen Sinn; versuchen Sie einen anderen.',
  "The provider's SOCKS service does not answer; try another one.":
    'Der SOCKS-Dienst des Anbieters antwortet nicht; versuchen Sie einen anderen.',
  'Somebody else answered in the place of the provider; nothing was sent.':
    'An der Stelle des Anbieters hat jemand anderes geantwortet; nichts wurde gesendet.',
  'The check through the tunnel got no answer; try another provider.':
    'Die Prüfung durch den Tunnel blieb ohne Antwort; versuchen Sie einen anderen Anbieter.',
  'Another program uses port {}; choose another one for the {}.':
    'Port {0} ist von einem anderen Programm belegt; wählen Sie einen anderen.',
  'The system does not allow port {} for the {}; choose one above 1023.':
    'Das System erlaubt Port {0} nicht; wählen Sie einen über 1023.',
  'The connection between consumer and provider is over.': 'Die Verbindung zum Anbieter ist zu Ende.',
  'The tunnel is not up.': 'Der Tunnel steht nicht.',
  'The tunnel was closed.': 'Der Tunnel wurde geschlossen.',
  "The provider's session data is invalid; try another provider.":
    'Die Sitzungsdaten des Anbieters sind ungültig; versuchen Sie einen anderen Anbieter.',
  "The provider's certificates do not fit; try another provider.":
    'Die Zertifikate des Anbieters passen nicht; versuchen Sie einen anderen Anbieter.',
  'The internet did not answer through the tunnel.': 'Das Internet hat durch den Tunnel nicht geantwortet.',
  'Names were not answered through the tunnel.': 'Namen wurden durch den Tunnel nicht beantwortet.',
  'The provider refused the tunnel; try another provider.':
    'Der Anbieter hat den Tunnel abgelehnt; versuchen Sie einen anderen Anbieter.',
  "The provider's OpenVPN does not answer; try another provider.":
    'Das OpenVPN des Anbieters antwortet nicht; versuchen Sie einen anderen Anbieter.',
  'The provider gave no address in its tunnel; try another provider.':
    'Der Anbieter hat im Tunnel keine Adresse vergeben; versuchen Sie einen anderen Anbieter.',
  'The provider chose a tunnel address that collides with your own network.':
    'Die Tunneladresse des Anbieters gibt es in Ihrem eigenen Netz schon.',
  'The tunnel program ended unexpectedly.': 'Das Tunnelprogramm wurde unerwartet beendet.',
  'The tunnel could not be made.': 'Der Tunnel konnte nicht aufgebaut werden.',
  'OpenVPN ended unexpectedly.': 'OpenVPN wurde unerwartet beendet.',
  'Another VPN already takes all traffic of this machine; close it first.':
    'Ein anderes VPN nimmt schon den ganzen Datenverkehr dieses Computers; beenden Sie erst dieses.',
  'Another program of this machine uses Mysterium already; disconnect it first, or restore the internet.':
    'Ein anderes Programm dieses Computers nutzt Mysterium schon; trennen Sie erst dort oder geben Sie das Internet frei.',
  'This kernel cannot limit bandwidth; load its module sch_htb and start again.':
    'Dieser Kernel kann die Bandbreite nicht begrenzen; laden Sie das Modul sch_htb und starten Sie neu.',

  'The provider named no address that can be a provider.': 'Der Anbieter hat keine brauchbare Adresse genannt.',
  'A tunnel is already open; close it first.': 'Ein Tunnel steht schon; schließen Sie erst diesen.',
  'OpenVPN did not answer.': 'OpenVPN hat nicht geantwortet.',
  'OpenVPN did not start.': 'OpenVPN ist nicht gestartet.',
  'OpenVPN did not come up in time.': 'OpenVPN war nicht rechtzeitig bereit.',
  'The port is in use by another program; choose another one.':
    'Der Port ist von einem anderen Programm belegt; wählen Sie einen anderen.',
  'The tunnel device could not be made; is the tun module loaded and allowed here?':
    'Das Tunnelgerät ließ sich nicht anlegen; ist das Modul tun geladen und hier erlaubt?',

  // Of what this computer has and allows.
  'OpenVPN is supported on Linux only so far.': 'OpenVPN wird bisher nur unter Linux unterstützt.',
  'OpenVPN was not found; install it (Debian, Ubuntu: apt install openvpn).':
    'OpenVPN wurde nicht gefunden; installieren Sie es (Debian, Ubuntu: apt install openvpn).',
  'This machine has no /dev/net/tun; load the tun module or allow it to the container.':
    'Dieser Computer hat kein /dev/net/tun; laden Sie das Modul tun oder erlauben Sie es dem Container.',
  'OpenVPN needs root: run myst as root, or install pkexec so that it can ask for a password.':
    'OpenVPN braucht root: Starten Sie myst als root oder installieren Sie pkexec, das nach einem Passwort fragen kann.',
  'The password was not given in time; try again to be asked again.':
    'Das Passwort kam nicht rechtzeitig; versuchen Sie es noch einmal, um wieder gefragt zu werden.',
  'The permission to change the network was not given.': 'Die Erlaubnis, das Netz zu ändern, wurde nicht gegeben.',
  '{}; run myst as root instead.': '{0}; starten Sie myst stattdessen als root.',
  'Nothing here can ask for a password, as a desktop does':
    'Hier kann nichts nach einem Passwort fragen, wie es ein Desktop tut',
  'The system service that asks for a password (polkit) does not work here':
    'Der Systemdienst, der nach einem Passwort fragt (polkit), funktioniert hier nicht',
  'The program pkexec, which asks for the password, could not be started':
    'Das Programm pkexec, das nach dem Passwort fragt, konnte nicht gestartet werden',
  'The helper program ended; connections over OpenVPN are closed.':
    'Das Hilfsprogramm wurde beendet; Verbindungen über OpenVPN sind geschlossen.',
  'The helper program is not running.': 'Das Hilfsprogramm läuft nicht.',
  'The helper program does not answer.': 'Das Hilfsprogramm antwortet nicht.',
  'The helper program did not start in time; try again.':
    'Das Hilfsprogramm ist nicht rechtzeitig gestartet; versuchen Sie es noch einmal.',
  'The helper program ended; see the log.': 'Das Hilfsprogramm wurde beendet; der Grund steht im Protokoll.',
  'The helper program could not be started.': 'Das Hilfsprogramm konnte nicht gestartet werden.',
  'Nothing is blocked here: the network guard exists on Linux only so far.':
    'Hier ist nichts gesperrt: Den Netzschutz gibt es bisher nur unter Linux.',
  'Not everything could be taken back; the block itself is removed by: {}':
    'Nicht alles ließ sich zurücknehmen; die Sperre selbst entfernt: {0}',
  'This desktop has no keychain to remember a passphrase in; GNOME Keyring or KWallet would be one.':
    'Dieser Desktop hat keinen Schlüsselbund für eine Passphrase; geeignet wären GNOME Keyring oder KWallet.',
  'The keychain of this computer cannot be used now.':
    'Der Schlüsselbund dieses Computers ist zurzeit nicht zu benutzen.',
  'The keychain would not protect the passphrase; it is not kept.':
    'Der Schlüsselbund würde die Passphrase nicht schützen; sie wird nicht aufbewahrt.',
  // Programs.
  'The budget is used up; raise it to go on.': 'Das Budget ist verbraucht; erhöhen Sie es, um weiterzumachen.',
  'The provider holds more of your MYST from before than is left of the budget.':
    'Beim Anbieter liegen von früher mehr MYST von Ihnen, als vom Budget übrig ist.',
  'You have connected to this provider yourself.': 'Sie haben sich selbst mit diesem Anbieter verbunden.',
  'Every provider that fits has a connection with you already.':
    'Mit jedem passenden Anbieter besteht schon eine Verbindung.',
  'There is a connection with this provider already; another one is needed.':
    'Mit diesem Anbieter besteht schon eine Verbindung; es braucht einen anderen.',
  'Another program has the port {}; choose another one.':
    'Ein anderes Programm hat den Port {0}; wählen Sie einen anderen.',
  'There are {} programs already; remove one first.': 'Es gibt schon {0} Programme; entfernen Sie erst eines.',
  'There is no such program.': 'Dieses Programm gibt es nicht.',
  'Port {} is in use by another program; choose another one.':
    'Port {0} ist von einem anderen Programm belegt; wählen Sie einen anderen.',
  'Disconnect your programs first; another identity would end them.':
    'Trennen Sie erst Ihre Programme; eine andere Identität würde sie beenden.',
  'Disconnect your programs first: lockdown lets nothing out but a VPN.':
    'Trennen Sie erst Ihre Programme: Lockdown lässt nur ein VPN hinaus.',
  'Disconnect the proxy first: lockdown lets nothing out but a VPN.':
    'Trennen Sie erst den Proxy: Lockdown lässt nur ein VPN hinaus.',
  'Stop sharing first: with lockdown on nobody could reach you.':
    'Beenden Sie erst das Teilen: Mit Lockdown könnte Sie niemand erreichen.',

  // Of identities.
  'No network is chosen; name one with --network FILE.':
    'Es ist kein Netz gewählt; geben Sie eines mit --network DATEI an.',
  'The new passphrase is the one that you have; choose another.':
    'Die neue Passphrase ist die, die Sie schon haben; wählen Sie eine andere.',
  'The node that runs has no page for browsers; "myst app" starts one that has.':
    'Der laufende Knoten hat keine Seite für Browser; „myst app“ startet einen, der eine hat.',
  'The identity is locked; unlock it with its passphrase first.':
    'Die Identität ist gesperrt; entsperren Sie sie erst mit ihrer Passphrase.',
  'Disconnect and stop sharing first; another identity would end both.':
    'Trennen Sie erst die Verbindung und beenden Sie das Teilen; eine andere Identität würde beides beenden.',
  'This identity is registered already.': 'Diese Identität ist schon registriert.',
  'The identity is already registered.': 'Die Identität ist schon registriert.',
  'Save a backup of this identity and open it once before you share; without its key what you earn is lost.':
    'Speichern Sie erst eine Sicherung dieser Identität und öffnen Sie sie einmal, bevor Sie teilen; ohne ihren Schlüssel ist verloren, was Sie verdienen.',
  'Save a backup of this identity and open it once before you deposit; without its key the money is lost.':
    'Speichern Sie vor dem Einzahlen eine Sicherung dieser Identität und öffnen Sie sie einmal; ohne ihren Schlüssel ist das Geld verloren.',
  'This passphrase does not fit; check it and try again.':
    'Diese Passphrase passt nicht; prüfen Sie sie und versuchen Sie es noch einmal.',
  'This identity is not on this computer; import it first.':
    'Diese Identität ist nicht auf diesem Computer; importieren Sie sie erst.',
  'This identity is already on this computer.': 'Diese Identität ist schon auf diesem Computer.',
  'This is a backup of an identity that is not on this computer.':
    'Dies ist die Sicherung einer Identität, die nicht auf diesem Computer ist.',
  'This backup holds the identity without its gas account; save a new backup and open that one.':
    'Diese Sicherung enthält die Identität ohne ihre Einzahlungsadresse; speichern Sie eine neue und öffnen Sie diese.',
  'This backup holds another gas account than the present one; save a new backup and open that one.':
    'Diese Sicherung enthält eine andere Einzahlungsadresse als die jetzige; speichern Sie eine neue und öffnen Sie diese.',

  '{} is damaged; use a backup of it.': '{0} ist beschädigt; verwenden Sie eine Sicherung davon.',
  '{} is damaged: it holds another key than the one it is named after; use a backup of it.':
    '{0} ist beschädigt: Der Schlüssel darin ist ein anderer als angegeben; verwenden Sie eine Sicherung davon.',
  '{} is neither a backup (mysterium-backup-0x…) nor another Ethereum tool’s keystore (version 3).':
    '{0} ist weder eine Sicherung (mysterium-backup-0x…) noch die Schlüsseldatei eines anderen Ethereum-Programms (Version 3).',
  'The keystore of {} holds another key; use a backup of it.':
    'Die Schlüsseldatei ({0}) enthält einen anderen Schlüssel; verwenden Sie eine Sicherung davon.',

  // Of sharing and money.
  'Shared already: {} for {} MYST per {}. Stop that first, or put these terms in its place ("myst provide --instead").':
    'Geteilt wird schon: {0} für {1} MYST pro {2}. Beenden Sie das erst, oder setzen Sie diese Bedingungen an seine Stelle („myst provide --instead“).',
  'Switch lockdown off to share: nobody could reach you.':
    'Schalten Sie Lockdown aus, um zu teilen: Sonst könnte Sie niemand erreichen.',
  'Register the identity first; others accept messages from registered identities only.':
    'Registrieren Sie erst die Identität; andere nehmen nur Nachrichten von registrierten an.',
  'Choose at least one service to share.': 'Wählen Sie mindestens einen Dienst, den Sie teilen.',
  'The OpenVPN service needs an IP address that others can reach.':
    'Der OpenVPN-Dienst braucht eine IP-Adresse, die andere erreichen können.',
  'The OpenVPN service ended.': 'Der OpenVPN-Dienst wurde beendet.',
  'The proposal could not be announced; trying again.':
    'Das Angebot konnte nicht angekündigt werden; es wird weiter versucht.',
  'The account holds {} MYST; {} cannot be withdrawn.': 'Auf dem Konto sind {0} MYST; {1} lassen sich nicht auszahlen.',
  'The account holds {} MYST; withdraw that much or less.':
    'Auf dem Konto sind {0} MYST; höchstens so viel lässt sich auszahlen.',
  'There is nothing to clear.': 'Es gibt nichts einzulösen.',
  'The gas account {} holds {} MYST and {} are needed; send the rest to it.':
    'An Ihrer Einzahlungsadresse {0} sind {1} MYST, nötig sind {2}; senden Sie den Rest dorthin.',
  'The gas account {} does not hold enough ether for the fee; send some to it.':
    'An Ihrer Einzahlungsadresse {0} ist nicht genug Ether für die Gebühr; senden Sie etwas dorthin.',
  'The gas account {} does not hold enough ether for the transaction; send some to it.':
    'An Ihrer Einzahlungsadresse {0} ist nicht genug Ether für die Transaktion; senden Sie etwas dorthin.',
  'An earlier transaction ({}) is not mined yet; this one has to wait for it.':
    'Eine frühere Transaktion ist noch nicht bestätigt; diese muss darauf warten.',
  'An earlier transaction ({}) of the gas account is not mined yet, so this one was not sent; try again when it is.':
    'Eine frühere Transaktion ist noch nicht bestätigt, darum wurde diese nicht gesendet; versuchen Sie es danach noch einmal.',
  'This is an identity of your own, whose key holds no ether and sends nothing; choose the address of a wallet, or your gas account.':
    'Das ist eine Ihrer Identitäten, deren Schlüssel keinen Ether hat und nichts sendet; wählen Sie die Adresse einer Wallet oder Ihre Einzahlungsadresse.',
  'This is the contract of the MYST token itself; what is sent there is lost.':
    'Das ist der Vertrag des MYST-Tokens selbst; was dorthin geht, ist verloren.',
  'This is a contract of the network; what is sent there is lost.':
    'Das ist ein Vertrag des Netzes; was dorthin geht, ist verloren.',
  'The account of the issuer holds less than was promised; the promise keeps its value until it does.':
    'Auf dem Konto der zahlenden Seite ist weniger als zugesagt; die Zusage behält ihren Wert, bis es reicht.',
  'The account does not hold enough MYST; the promise keeps its value until it does.':
    'Auf dem Konto sind nicht genug MYST; die Zusage behält ihren Wert, bis es reicht.',
  'This promise or a later one was already cleared.': 'Diese Zusage oder eine spätere wurde schon eingelöst.',
  'The registration fee has just risen; look at it and try again.':
    'Die Gebühr für die Registrierung ist gerade gestiegen; sehen Sie sie sich an und versuchen Sie es noch einmal.',
  'The signed request took too long to reach the chain; try again.':
    'Der unterschriebene Auftrag war zu lange zur Blockchain unterwegs; versuchen Sie es noch einmal.',
  'Another withdrawal was announced in the meantime; try again.':
    'Inzwischen wurde eine andere Auszahlung angekündigt; versuchen Sie es noch einmal.',
  'The notice period of the withdrawal is not over yet.': 'Die Wartefrist der Auszahlung ist noch nicht vorbei.',
  'MYST cannot be sent to this address; choose another one.':
    'An diese Adresse lassen sich keine MYST senden; wählen Sie eine andere.',
  'The gas account does not hold enough MYST; send some to it.':
    'An Ihrer Einzahlungsadresse sind nicht genug MYST; senden Sie etwas dorthin.',

  'Registering was interrupted when its fee was approved but not yet paid; register again.':
    'Das Registrieren wurde unterbrochen, bevor die Gebühr bezahlt war; registrieren Sie noch einmal.',
  'The amount must be above 0 MYST.': 'Der Betrag muss größer als 0 MYST sein.',
  'The contract refused the promise for a reason: {}.': 'Der Vertrag hat die Zusage abgelehnt: {0}.',
  'The promise is higher than half of what its issuer registered with; the contract never pays that.':
    'Die Zusage ist höher als die Hälfte dessen, womit ihr Aussteller registriert ist; das zahlt der Vertrag nie.',
  'No withdrawal is announced for this identity.': 'Für diese Identität ist keine Auszahlung angekündigt.',

  // Of the chain.
  'The contract refused the transaction.': 'Der Vertrag hat die Transaktion abgelehnt.',
  'The contract would refuse the transaction now; it was not sent.':
    'Der Vertrag würde die Transaktion jetzt ablehnen; sie wurde nicht gesendet.',
  'The contract refused the transaction without a known reason.':
    'Der Vertrag hat die Transaktion ohne bekannten Grund abgelehnt.',
  'The contract refused the transaction: {}.': 'Der Vertrag hat die Transaktion abgelehnt: {0}.',
  'The transaction would need an implausible amount of gas; it was not sent.':
    'Die Transaktion würde unglaubwürdig viel Gas brauchen; sie wurde nicht gesendet.',
  'The transaction is under way: {} It goes on by itself; asking for the same again does not send it twice.':
    'Die Transaktion ist unterwegs und geht von selbst weiter; noch einmal verlangt, wird sie nicht zweimal gesendet.',
  'The node is ending; what is under way goes on at its next start.':
    'Der Knoten wird beendet; was unterwegs ist, geht beim nächsten Start weiter.',
  'The chain was reorganised; the transaction is sent once more and waits to be mined again.':
    'Die Blockchain wurde umgeordnet; die Transaktion wird noch einmal gesendet und wartet erneut auf Bestätigung.',
  'Another program used the same gas account at this moment; waiting until that is certain.':
    'Ein anderes Programm hat gerade dieselbe Einzahlungsadresse benutzt; es wird gewartet, bis das sicher ist.',
  'Another program that uses the same gas account sent something in its place, so this was not carried out; ask for it again if it is still wanted.':
    'Ein anderes Programm hat von derselben Einzahlungsadresse etwas anderes gesendet; dies wurde nicht ausgeführt und lässt sich erneut verlangen.',
  'The blockchain node refused: {}.': 'Der Knoten der Blockchain hat abgelehnt: {0}.',
  'The blockchain node is on chain {}, not on chain {} of the network "{}"; choose another node or network file.':
    'Der Knoten der Blockchain ist auf Kette {0}, nicht auf Kette {1} des Netzes „{2}“; wählen Sie einen anderen Knoten oder eine andere Netzwerkdatei.',
  'The blockchain node answered something that the contracts cannot have said; choose another node.':
    'Der Knoten der Blockchain hat etwas geantwortet, was die Verträge nicht gesagt haben können; wählen Sie einen anderen.',
  'The price of gas is above what this transaction may pay; it is mined when the price has fallen.':
    'Gas ist teurer, als diese Transaktion bezahlen darf; sie kommt durch, wenn der Preis gefallen ist.',
  'The chain cannot be followed at the moment; trying again.':
    'Die Blockchain lässt sich gerade nicht verfolgen; es wird weiter versucht.',
  'No blockchain node answers ({} asked, {}: {}); check the internet connection.':
    'Kein Knoten der Blockchain antwortet ({0} gefragt, {1}: {2}); prüfen Sie die Internetverbindung.',
  'The blockchain nodes {} and {} contradict each other; nothing new is believed until they agree, or until one is taken out of the network file.':
    'Die Knoten {0} und {1} der Blockchain widersprechen sich; nichts Neues gilt, bis sie einig sind oder einer aus der Netzwerkdatei genommen wird.',

  // Of the desktop app.
  'Another myst program is using {}; end it and start Mysterium again.':
    'Ein anderes myst-Programm nutzt {0}; beenden Sie es und starten Sie Mysterium neu.',

  // Of this page.
  'The node is not answering; it may be starting, try again in a moment.':
    'Der Knoten antwortet nicht; vielleicht startet er gerade. Versuchen Sie es gleich noch einmal.',
  'The node gave an answer this page cannot read; update both and try again.':
    'Diese Seite kann die Antwort des Knotens nicht lesen; aktualisieren Sie beide und versuchen Sie es noch einmal.',
  'This page is locked; reload it.': 'Diese Seite ist gesperrt; laden Sie sie neu.',
  'This page is signed out; open the address that the node printed again.':
    'Diese Seite ist abgemeldet; öffnen Sie noch einmal die Adresse, die der Knoten ausgegeben hat.',

  // What a sentence above is about. Last, because some of them begin like whole sentences.
  'This keystore': 'Diese Schlüsseldatei',
  'This file': 'Diese Datei',
  'The keystore of {}': 'Die Schlüsseldatei ({0})',
  'The gas account of {}': 'Die Einzahlungsadresse ({0})',
}
