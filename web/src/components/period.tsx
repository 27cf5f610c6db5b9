/*
 * Period: from when to when; what is chosen stands in the address (lib/period.ts reads it there).
 */
import { useQuery, type Patch } from '../app/router';
import { t } from '../i18n/i18n';
import { dayOf, dayPlus, periodOf, periods } from '../lib/period';
import { Field, Select } from './field';

interface PeriodProps {
	q: URLSearchParams;
	set: (patch: Patch) => void;
}
/* The same, for parameters that stand elsewhere. */
export function PeriodOf({ q, set }: PeriodProps) {
	const dated = q.has('from') || q.has('to');
	const value = q.get('period') ?? (dated ? 'dates' : '');
	const choose = (v: string) => {
		if (v !== 'dates')
			return set({ period: v, from: null, to: null });
		const now = periodOf(q);
		const today = dayOf(new Date());
		return set({ period: null, from: now.from ?? dayPlus(today, -89), to: now.to ? dayPlus(now.to, -1) : today });
	};
	return (
		<>
			<Select label={t('funnel.period')} value={value} onValue={choose} options={[
				{ value: '', text: t('funnel.period.all') },
				...periods.map((p) => ({ value: p, text: t(`funnel.period.${p}`) })),
				{ value: 'dates', text: t('funnel.period.dates') },
			]} />
			{value === 'dates' && <Field label={t('funnel.from')} type="date" value={q.get('from') ?? ''} onValue={(v) => v && set({ from: v })} />}
			{value === 'dates' && <Field label={t('funnel.to')} type="date" value={q.get('to') ?? ''} onValue={(v) => v && set({ to: v })} />}
		</>
	);
}

export function Period() {
	const [q, set] = useQuery();
	return <PeriodOf q={q} set={set} />;
}
