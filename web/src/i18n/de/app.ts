/* Rahmen, Navigation und Wörter, die jede Seite braucht. */
import type { app as en } from '../en/app';
import type { Same } from '../i18n';

export const app: Same<typeof en> = {
	'nav.label': 'Hauptmenü',
	'nav.funnel': 'Trichter',
	'nav.funnels': 'Baukasten',
	'nav.flow': 'Fluss',
	'nav.people': 'Personen',
	'nav.companies': 'Unternehmen',
	'nav.deals': 'Deals',
	'nav.import': 'Import',
	'nav.settings': 'Einstellungen',
	'nav.account': 'Konto',
	'nav.signOut': 'Abmelden',
	'nav.more': 'Mehr',
	'nav.skip': 'Zum Inhalt',
	'nav.gallery': 'Bausteine',

	'theme.system': 'Farben des Systems',
	'theme.light': 'Hell',
	'theme.dark': 'Dunkel',

	'help.title': 'Tastatur',
	'help.search': 'Suchen',
	'help.help': 'Diese Hilfe',
	'key.escape': 'Esc',
	'key.enter': 'Enter',
	'key.down': '↓',
	'key.up': '↑',
	'key.space': 'Leertaste',

	'live.lost': 'Nicht live: Verbindung verloren, neuer Versuch läuft',

	'app.unknown': 'Diese Seite gibt es nicht',
	'app.unknownHome': 'Zum Trichter',
	'app.newer': 'Die Seite konnte nicht geladen werden. Vielleicht wurde Trichter inzwischen aktualisiert.',
	'app.broken': 'Die Seite kann nicht zeigen, was sie hat. Nichts wurde geändert, nichts ging verloren.',
	'app.reload': 'Neu laden',
	'app.retry': 'Noch einmal versuchen',
	'app.unreachable': 'Der Server antwortet nicht. Ist dieser Rechner online?',

	'unit.days': 'T',
	'unit.hours': 'Std',
	'unit.minutes': 'Min',
	'unit.seconds': 's',
	'time.now': 'gerade eben',

	'stage.visitor': 'Besucher',
	'stage.lead': 'Lead',
	'stage.mql': 'MQL',
	'stage.sal': 'SAL',
	'stage.sql': 'SQL',
	'stage.opportunity': 'Verkaufschance',
	'stage.customer': 'Kunde',
	'stages.visitor': '{n|Besucher|Besucher}',
	'stages.lead': '{n|Lead|Leads}',
	'stages.mql': '{n|MQL|MQLs}',
	'stages.sal': '{n|SAL|SALs}',
	'stages.sql': '{n|SQL|SQLs}',
	'stages.opportunity': '{n|Verkaufschance|Verkaufschancen}',
	'stages.customer': '{n|Kunde|Kunden}',
};
