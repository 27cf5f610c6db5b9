/* Anmelden, der erste Start, einmalige Links. */
import type { auth as en } from '../en/auth';
import type { Same } from '../i18n';

export const auth: Same<typeof en> = {
	'auth.signIn': 'Anmelden',
	'auth.email': 'E-Mail',
	'auth.password': 'Passwort',
	'auth.code': 'Code',
	'auth.codeHelp': 'Die sechs Ziffern, die Ihre App gerade zeigt, oder einer Ihrer Wiederherstellungscodes',
	'auth.otherUser': 'Mit einem anderen Konto anmelden',
	'auth.wrong': 'Adresse, Passwort oder Code stimmt nicht.',
	'auth.tooOften': 'Zu viele Versuche. In {n} {n|Sekunde|Sekunden} geht es wieder.',
	'auth.forgot': 'Passwort vergessen? Die Administration kann Ihnen einen Link schicken, der Sie einmal anmeldet; wer den Server betreibt, setzt mit „trichter user password“ ein neues.',
	'auth.setup': 'Trichter einrichten',
	'auth.setupLead': 'Sie sind die erste Person hier. Legen Sie das Konto an, das alles verwaltet; andere laden Sie danach ein.',
	'auth.setupNoToken': 'Die Konsole, in der der Server gestartet wurde, zeigt einen Link, der mit {path} beginnt. Öffnen Sie diesen: Er beweist, dass der Server Ihnen gehört.',
	'auth.setupDone': 'Trichter ist bereits eingerichtet.',
	'auth.name': 'Ihr Name',
	'auth.passwordHelp': 'Mindestens 12 Zeichen. Ein paar Wörter merkt man sich leicht.',
	'auth.language': 'Sprache',
	'auth.setupButton': 'Einrichten und anmelden',
	'auth.link': 'Anmelden per Link',
	'auth.linkLead': 'Dieser Link meldet Sie einmal an, in diesem Browser. Danach ist er verbraucht.',
	'auth.linkButton': 'Jetzt anmelden',
	'auth.linkDead': 'Dieser Link wurde schon benutzt oder ist zu alt. Lassen Sie sich einen neuen geben.',
	'auth.toLogin': 'Zur Anmeldung',
};
