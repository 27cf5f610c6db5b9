/*
 * names.ts - what to call somebody or something that has no name.
 */
import { t } from '../../i18n/i18n';

/* Who is known by a browser's id alone has that for a name: nothing to read aloud. */
const ID = /^[0-9a-f]{12,}$|^[0-9a-f]{8}-[0-9a-f-]{20,}$/i;

export function isUnnamed(p: { name: string | null; email?: string | null }): boolean {
	return !p.email && (!p.name || ID.test(p.name));
}
export function personName(p: { person: number; name: string | null; email?: string | null }): string {
	return isUnnamed(p) ? t('person.unnamed', { n: String(p.person) }) : p.name || p.email || '';
}
export function companyName(c: { company: number; name: string | null; domain?: string | null }): string {
	return c.name || c.domain || t('company.unnamed', { n: String(c.company) });
}
export function dealName(d: { deal: number; name: string | null; company?: { name: string | null } | null }): string {
	return d.name || d.company?.name || t('deal.unnamed', { n: String(d.deal) });
}
