/* Die Wörter der Bausteine. */
import type { components as en } from '../en/components';
import type { Same } from '../i18n';

export const components: Same<typeof en> = {
	'c.close': 'Schließen',
	'c.back': 'Zurück',
	'c.cancel': 'Abbrechen',
	'c.undo': 'Rückgängig',
	'c.undone': 'Zurückgenommen',
	'c.save': 'Speichern',
	'c.copy': 'Kopieren',
	'c.copied': 'Kopiert',
	'c.show': 'Zeigen',
	'c.more': 'Mehr zeigen',
	'c.loading': 'Lädt …',
	'c.nothing': 'Hier ist nichts',
	'c.sortUp': 'Aufsteigend sortiert',
	'c.sortDown': 'Absteigend sortiert',
	'c.remove': '{what} entfernen',
	'c.required': 'nötig',
	'c.rule': 'Regel',
	'c.ruleAt': 'Zeile {line}, Spalte {column}: {message}',
	'c.ruleMeant': 'Gemeint war {what}?',
	'c.people': '{n} {n|Person|Personen}',
	'c.keyDown': 'Nächste Zeile',
	'c.keyUp': 'Vorige Zeile',
	'c.export': 'Exportieren',
	'c.table': 'Tabelle',
	'c.chart': 'Diagramm',
	'c.nothingFits': 'Nichts dieses Namens',
	'c.asTyped': '„{text}“ wie getippt',
};
