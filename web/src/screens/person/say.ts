/*
 * say.ts - the journey's words and figures in the language in use.
 */
import { language, locale, t, type Key } from '../../i18n/i18n';
import { date, dateTime, money, number } from '../../lib/format';
import { wordKey, type Figures, type Look } from './words';

/* What the company calls its own stages and reasons. */
interface Said {
	key: string;
	en: string;
	de: string;
}
const own = new Map<string, Said>();
export function companyWords(words: readonly Said[], stages: readonly Said[]): void {
	own.clear();
	for (const w of words) own.set(wordKey(w.key), w);
	for (const s of stages) own.set(`stage.${s.key}`, s);
}
function ownWord(key: string): string | null {
	const said = own.get(key);
	return (said && (language.get() === 'de' ? said.de : said.en)) || null;
}

export const look: Look = (key, values) => {
	const text = t(key as Key, values);
	return text === key ? ownWord(key) : text;
};

const UNITS: [number, string][] = [
	[31_557_600, 'years'], [2_629_800, 'months'], [86_400, 'days'], [3600, 'hours'], [60, 'minutes'], [1, 'seconds'],
];
/* "9 minutes"; `kind` is the grammar around it: "span" (in 9 minutes), "pause" (9 minutes later). */
export function span(ms: number, kind: 'span' | 'pause' = 'span'): string {
	const s = Math.round(ms / 1000);
	for (const [size, unit] of UNITS)
		if (s >= size * (size > 86_400 ? 2 : 1) || size === 1)
			return look(`${kind}.${unit}`, { n: Math.round(s / size) }) ?? '';
	return '';
}

const AGES: [number, string][] = [[31_557_600, 'year'], [2_629_800, 'month'], [86_400, 'day'], [3600, 'hour'], [60, 'minute']];
/* "26 days": a span that stands alone. */
export function age(ms: number): string {
	const s = Math.max(0, ms / 1000);
	const [size, unit] = AGES.find(([n]) => s >= n * (n > 86_400 ? 2 : 1)) ?? [60, 'minute'];
	return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(Math.round(s / size));
}

/* At the beginning of a line: "Amount". */
export function cap(text: string): string {
	const first = [...text][0] ?? '';
	return first.toLocaleUpperCase(locale()) + text.slice(first.length);
}

export const figures: Figures = {
	money: (minor, currency) => money({ amount_minor: minor, currency }),
	number: (n) => number(n, 2),
	day: (iso) => (iso.length > 10 ? dateTime(iso) : date(iso)),
	duration: (ms) => span(ms),
};
