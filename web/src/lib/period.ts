/*
 * period.ts - periods as people say them, as the days that the server understands.
 *
 * A period in the address stays what it was called: "90d" is the last 90 days whenever the address
 * is opened. Days are the workspace's.
 */
import { workspace } from '../app/session';

export const periods = ['30d', '90d', '12mo', 'month', 'last_month', 'quarter', 'last_quarter', 'year'] as const;
export type Period = (typeof periods)[number];

/* "2026-11-25", in the workspace's zone. */
export function dayOf(at: Date, zone = workspace()?.zone): string {
	return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}
/* Days are counted at noon in UTC, where no change of clocks is near. */
function noon(day: string): Date {
	return new Date(`${day}T12:00:00Z`);
}
export function dayPlus(day: string, days: number): string {
	const d = noon(day);
	d.setUTCDate(d.getUTCDate() + days);
	return d.toISOString().slice(0, 10);
}
function monthsBack(day: string, months: number): string {
	const d = noon(`${day.slice(0, 7)}-01`);
	d.setUTCMonth(d.getUTCMonth() - months);
	return d.toISOString().slice(0, 10);
}

/* From the first day on, before the day `to`; today belongs to it. */
export function periodDays(period: Period, today: string): { from: string; to: string } {
	const to = dayPlus(today, 1);
	const month = Number(today.slice(5, 7));
	switch (period) {
	case '30d': return { from: dayPlus(to, -30), to };
	case '90d': return { from: dayPlus(to, -90), to };
	case '12mo': return { from: monthsBack(today, 11), to };
	case 'month': return { from: monthsBack(today, 0), to };
	case 'last_month': return { from: monthsBack(today, 1), to: monthsBack(today, 0) };
	case 'last_quarter': return { from: monthsBack(today, 3 + (month - 1) % 3), to: monthsBack(today, (month - 1) % 3) };
	case 'quarter': return { from: monthsBack(today, (month - 1) % 3), to };
	case 'year': return { from: `${today.slice(0, 4)}-01-01`, to };
	}
}

/* What an address says: `period`, or the days `from` and `to` (both belong to it), or all time. */
export function periodOf(q: URLSearchParams, now = new Date()): { from?: string; to?: string } {
	const name = q.get('period') as Period | null;
	if (name && periods.includes(name))
		return periodDays(name, dayOf(now));
	const day = /^\d{4}-\d{2}-\d{2}$/;
	const from = q.get('from') ?? '';
	const to = q.get('to') ?? '';
	return { from: day.test(from) ? from : undefined, to: day.test(to) ? dayPlus(to, 1) : undefined };
}
