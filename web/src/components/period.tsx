/*
 * Period: from when to when. `period` in the address is relative ("90d" stays the last 90 days when
 * the address is sent on); from and to are days of one's own choice, the last one included.
 *
 *   <Period />                       a choice, and two dates when one wants one's own
 *   periodOf(query, fallback)        { from, to } for the server; to is the day after the last
 */
import { useQuery } from '../app/router';
import { t, type Key } from '../i18n/i18n';
import { workspace } from '../app/session';
import { Field, Select } from './field';

const names = ['30d', '90d', '12mo', 'month', 'last_month', 'quarter', 'last_quarter', 'year', 'last_year', 'all'] as const;
export type PeriodName = (typeof names)[number];

/* Today on the workspace's clocks, as [year, month from 1, day]. */
function today(): [number, number, number] {
	const zone = workspace()?.zone;
	const text = new Intl.DateTimeFormat('en-CA', { ...(zone ? { timeZone: zone } : {}), year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date());
	const [y, m, d] = text.split('-').map(Number);
	return [y ?? 1970, m ?? 1, d ?? 1];
}
/* Days and months beyond their ends count on: month 13 is January of the next year. */
function day(y: number, m: number, d: number): string {
	return new Date(Date.UTC(y, m - 1, d)).toISOString().slice(0, 10);
}
function after(date: string): string {
	const [y, m, d] = date.split('-').map(Number);
	return day(y ?? 1970, m ?? 1, (d ?? 1) + 1);
}

export interface Span {
	from: string | null;
	to: string | null;
}
function span(name: PeriodName): Span {
	const [y, m, d] = today();
	const q = m - ((m - 1) % 3);
	switch (name) {
	case '30d': return { from: day(y, m, d - 29), to: day(y, m, d + 1) };
	case '90d': return { from: day(y, m, d - 89), to: day(y, m, d + 1) };
	case '12mo': return { from: day(y - 1, m, d + 1), to: day(y, m, d + 1) };
	case 'month': return { from: day(y, m, 1), to: day(y, m + 1, 1) };
	case 'last_month': return { from: day(y, m - 1, 1), to: day(y, m, 1) };
	case 'quarter': return { from: day(y, q, 1), to: day(y, q + 3, 1) };
	case 'last_quarter': return { from: day(y, q - 3, 1), to: day(y, q, 1) };
	case 'year': return { from: day(y, 1, 1), to: day(y + 1, 1, 1) };
	case 'last_year': return { from: day(y - 1, 1, 1), to: day(y, 1, 1) };
	case 'all': return { from: null, to: null };
	}
}
function nameOf(q: URLSearchParams, fallback: PeriodName): PeriodName | 'own' {
	if (q.get('from') || q.get('until'))
		return 'own';
	const name = q.get('period') as PeriodName;
	return names.includes(name) ? name : fallback;
}
export function periodOf(q: URLSearchParams, fallback: PeriodName = 'all'): Span {
	const name = nameOf(q, fallback);
	if (name !== 'own')
		return span(name);
	const until = q.get('until');
	return { from: q.get('from'), to: until ? after(until) : null };
}

export function Period({ fallback = 'all' }: { fallback?: PeriodName }) {
	const [query, set] = useQuery();
	const name = nameOf(query, fallback);
	const choose = (to: string) => {
		if (to === 'own') {
			const now = periodOf(query, fallback);
			const [y, m, d] = today();
			set({ period: null, from: now.from ?? day(y - 1, m, d), until: day(y, m, d) });
		} else {
			set({ period: to === fallback ? null : to, from: null, until: null });
		}
	};
	return (
		<>
			<Select label={t('period.label')} value={name} onValue={choose}
				options={[...names.map((n) => ({ value: n, text: t(`period.${n}` as Key) })), { value: 'own', text: t('period.own') }]} />
			{name === 'own' && <Field type="date" label={t('period.from')} value={query.get('from') ?? ''} onValue={(v) => set({ from: v })} />}
			{name === 'own' && <Field type="date" label={t('period.until')} value={query.get('until') ?? ''} onValue={(v) => set({ until: v })} />}
		</>
	);
}
