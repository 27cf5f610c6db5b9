/*
 * format.ts - figures, amounts, times and spans as people of each language write them.
 *
 * Times are shown in the workspace's zone, whatever zone the browser is in: two people who look at
 * one number must see one number.
 */
import { workspace } from '../app/session';
import { locale, t } from '../i18n/i18n';

export interface Amount {
	amount_minor: number;
	currency: string;
}

export const dash = '–';
const nbsp = '\u00a0';

/* Formatters are costly to make and cheap to use. */
const made = new Map<string, unknown>();
function keep<T>(name: string, make: () => T): T {
	const key = `${locale()} ${workspace()?.zone ?? ''} ${name}`;
	if (!made.has(key))
		made.set(key, make());
	return made.get(key) as T;
}

export function number(n: number | null | undefined, decimals = 0): string {
	if (n === null || n === undefined)
		return dash;
	return keep(`n${decimals}`, () => new Intl.NumberFormat(locale(), { maximumFractionDigits: decimals })).format(n);
}

/* 0.393 → "39.3 %", 0.0054 → "0.54 %": one decimal, below one percent two figures. Null: "–". */
export function percent(fraction: number | null | undefined): string {
	if (fraction === null || fraction === undefined)
		return dash;
	const p = fraction * 100;
	const small = p !== 0 && Math.abs(p) < 1;
	const f = keep(small ? 'p2' : 'p1', () =>
		small ?
			new Intl.NumberFormat(locale(), { maximumSignificantDigits: 2 }) :
			new Intl.NumberFormat(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
	);
	return `${p >= 99.95 && p <= 100 ? number(100) : f.format(p)}${nbsp}%`;
}

export function money(a: Amount | null | undefined, o: { short?: boolean } = {}): string {
	if (!a)
		return dash;
	const f = keep(`m${a.currency}${o.short ? 's' : ''}`, () =>
		new Intl.NumberFormat(locale(), {
			style: 'currency',
			currency: a.currency,
			...(o.short ? { notation: 'compact', maximumSignificantDigits: 3 } : {}),
		}),
	);
	const digits = keep(`d${a.currency}`, () =>
		new Intl.NumberFormat('en', { style: 'currency', currency: a.currency }),
	).resolvedOptions().maximumFractionDigits ?? 2;
	return f.format(a.amount_minor / 10 ** digits);
}

function zone(): { timeZone?: string } {
	const z = workspace()?.zone;
	return z ? { timeZone: z } : {};
}
type Style = Intl.DateTimeFormatOptions;
function dateBy(name: string, style: Style, at: string | number | Date): string {
	const f = keep(name, () => new Intl.DateTimeFormat(locale(), { ...zone(), ...style }));
	return f.format(typeof at === 'object' ? at : new Date(at));
}
export const date = (at: string | number | Date) =>
	dateBy('d', { day: 'numeric', month: 'short', year: 'numeric' }, at);
export const month = (at: string | number | Date) => dateBy('mo', { month: 'short', year: 'numeric' }, at);
export const time = (at: string | number | Date) => dateBy('t', { hour: '2-digit', minute: '2-digit' }, at);
export const dateTime = (at: string | number | Date) =>
	dateBy('dt', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }, at);
/* To the second and with the zone: what one reads when it matters. */
export const exact = (at: string | number | Date) =>
	dateBy('x', {
		weekday: 'short', day: 'numeric', month: 'short', year: 'numeric',
		hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short',
	}, at);

const spans: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400],
	['hour', 3600], ['minute', 60], ['second', 1],
];
/* "3 days ago", "in 2 hours". */
export function relative(at: string | number | Date, now = Date.now()): string {
	const s = (new Date(at).getTime() - now) / 1000;
	const f = keep('r', () => new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }));
	for (const [unit, size] of spans)
		if (Math.abs(s) >= size || unit === 'second')
			return Math.abs(s) < 45 ? t('time.now') : f.format(Math.round(s / size), unit);
	return '';
}

/* A span of seconds with one unit: "6.1 d", "4 h", "20 min". */
export function duration(seconds: number | null | undefined): string {
	if (seconds === null || seconds === undefined)
		return dash;
	const steps: [number, Parameters<typeof t>[0]][] = [
		[86_400, 'unit.days'], [3600, 'unit.hours'], [60, 'unit.minutes'], [1, 'unit.seconds'],
	];
	for (const [size, key] of steps)
		if (seconds >= size || size === 1) {
			const n = seconds / size;
			return `${number(n, n < 10 && size > 1 ? 1 : 0)}${nbsp}${t(key)}`;
		}
	return dash;
}
