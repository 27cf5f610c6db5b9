/*
 * controls.tsx - period, comparison, breakdown; and the funnel as a file.
 */
import { useState } from 'preact/hooks';
import { useQuery } from '../../app/router';
import { Field, Select } from '../../components/field';
import { Menu } from '../../components/menu';
import { Chip } from '../../components/small';
import { toastError } from '../../components/toast';
import { t, tOr } from '../../i18n/i18n';
import { url } from '../../lib/api';
import { dayOf, dayPlus, periodOf, periods } from '../../lib/period';
import { savePng } from '../../lib/save';
import { funnelQuery } from './api';

/* What one breaks a funnel down by, and where the value is found. */
const breakdowns: { by: string; of?: string }[] = [
	{ by: 'source' }, { by: 'channel' }, { by: 'campaign' }, { by: 'landing_page' },
	{ by: 'industry', of: 'person' }, { by: 'country', of: 'person' }, { by: 'owner', of: 'person' },
];

function PeriodControl() {
	const [q, set] = useQuery();
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

function Files() {
	const [q] = useQuery();
	const [busy, setBusy] = useState(false);
	const query = funnelQuery(q);
	const png = async () => {
		setBusy(true);
		try {
			const answer = await fetch(url('/api/v1/funnel.svg', query));
			const svg = await answer.text();
			const size = svg.match(/viewBox="0 0 ([\d.]+) ([\d.]+)"/) ?? [];
			await savePng('funnel', svg, Number(size[1] ?? 1200), Number(size[2] ?? 675), '#fff');
		} catch (e) {
			toastError(e);
		}
		setBusy(false);
	};
	return (
		<Menu label={t('c.export')} kind="plain" items={[
			{ text: 'SVG', href: url('/api/v1/funnel.svg', query), download: true },
			{ text: 'PNG', run: () => void png(), disabled: busy },
			{ text: 'CSV', href: url('/api/v1/funnel.csv', query), download: true },
		]} />
	);
}

export function Controls() {
	const [q, set] = useQuery();
	const period = periodOf(q);
	const by = q.get('by') ?? '';
	const where = q.get('where');
	const known = breakdowns.some((b) => b.by === by) ? breakdowns : [...breakdowns, ...(by ? [{ by, of: q.get('of') ?? undefined }] : [])];
	return (
		<div class="controls spread">
			<div class="controls">
				<PeriodControl />
				{period.from && period.to && (
					<Select label={t('funnel.compare')} value={q.get('compare') ?? ''} onValue={(v) => set({ compare: v })} options={[
						{ value: '', text: t('funnel.compare.previous') },
						{ value: 'none', text: t('funnel.compare.none') },
					]} />
				)}
				<Select label={t('funnel.breakdown')} value={by} onValue={(v) => set({ by: v, of: known.find((b) => b.by === v)?.of, group: null, no_group: null, step: null, show: null })} options={[
					{ value: '', text: t('funnel.breakdown.none') },
					...known.map((b) => ({ value: b.by, text: tOr(`funnel.by.${b.by}`, b.by) })),
				]} />
				{where && <div class="field chip-line"><Chip text={where} onRemove={() => set({ where: null })} /></div>}
			</div>
			<div class="field chip-line"><Files /></div>
		</div>
	);
}
