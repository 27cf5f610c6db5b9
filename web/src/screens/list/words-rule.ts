/*
 * words-rule.ts - words that somebody types into a search field, as a rule.
 *
 * "anna mül" finds Anna Müller; an address finds whose it is. Every word has to be there, the last
 * one may be only begun.
 */
import type { RuleEntity, RuleFieldInfo } from '../../components/rule-field';

const FIELDS: Record<RuleEntity, string[]> = {
	person: ['first_name', 'last_name', 'full_name', 'email', 'company.name'],
	company: ['name', 'domain'],
	deal: ['name', 'company.name'],
};

function text(s: string): string {
	return `"${s.replace(/[\\"]/g, '\\$&')}"`;
}

/* `fields`: those that this company's data has; others would be an error in the rule. */
export function wordsRule(entity: RuleEntity, words: string, fields: readonly RuleFieldInfo[]): string {
	if (entity === 'person' && /^\S+@\S+\.\S+$/.test(words)) return `email = ${text(words.toLowerCase())}`;
	const clean = words.split(/[^\p{L}\p{N}]+/u).filter(Boolean).slice(0, 8);
	if (clean.length === 0) return 'number < 0'; // nothing but signs finds nobody
	const there = FIELDS[entity].filter((f) => fields.some((x) => x.name === f));
	if (there.length === 0) return '';
	const each = clean.map((w) => there.map((f) => `${f} ~ ${text(`${w}*`)}`).join(' or '));
	return each.map((x) => `(${x})`).join(' and ');
}
