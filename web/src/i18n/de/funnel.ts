/* Die Startseite: der eine Trichter. */
import type { funnel as en } from '../en/funnel';
import type { Same } from '../i18n';

export const funnel: Same<typeof en> = {
	'funnel.people': 'Personen',
};
