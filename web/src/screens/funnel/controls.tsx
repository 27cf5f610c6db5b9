/*
 * controls.tsx - period, comparison, breakdown; and the funnel as a file.
 */
import { useState } from 'preact/hooks';
import { useQuery } from '../../app/router';
import { Select } from '../../components/field';
import { Menu } from '../../components/menu';
import { Period } from '../../components/period';
import { Chip } from '../../components/small';
import { toastError } from '../../components/toast';
import { t, tOr } from '../../i18n/i18n';
import { url } from '../../lib/api';
import { periodOf } from '../../lib/period';
import { savePng } from '../../lib/save';
import { funnelQuery } from './api';

/* What one breaks a funnel down by, and where the value is found. */
const breakdowns: { by: string; of?: string }[] = [
	{ by: 'source' }, { by: 'channel' }, { by: 'campaign' }, { by: 'landing_page' },
	{ by: 'industry', of: 'person' }, { by: 'country', of: 'person' }, { by: 'owner', of: 'person' },
];

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
				<Period />
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
