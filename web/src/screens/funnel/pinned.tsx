/*
 * pinned.tsx - the funnels that the company pinned to the home, a row each.
 */
import { Spark } from '../../components/spark';
import { t } from '../../i18n/i18n';
import { number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { periodOf } from '../../lib/period';
import { stageName, type Funnel } from './api';

interface Saved {
	name: string;
	title: string;
	query: Record<string, string>;
	place: number | null;
}
const shown_max = 12;
/* By weeks where that gives some points, by months where it would give hundreds. */
const weeks_up_to_days = 200;

function unitOf(query: Record<string, string>): string {
	const dates = periodOf(new URLSearchParams(query));
	if (query['trend'])
		return query['trend'];
	if (!dates.from)
		return 'month';
	const days = ((dates.to ? new Date(dates.to).getTime() : Date.now()) - new Date(dates.from).getTime()) / 86_400_000;
	return days > weeks_up_to_days ? 'month' : days > 35 ? 'week' : 'day';
}

function Row({ f }: { f: Saved }) {
	const answer = useResource<Funnel>('/api/v1/funnel', { ...f.query, by: null, of: null, compare: null, compare_where: null, correlate: null, trend: unitOf(f.query) }, { live: true });
	const steps = answer.data?.steps ?? [];
	const first = steps[0];
	const last = steps[steps.length - 1];
	const trend = answer.data?.trend ?? [];
	const rates = trend.map((p) => p.steps[p.steps.length - 1]?.from_first ?? null);
	const open = trend.length - (trend.findIndex((p) => !p.complete) < 0 ? trend.length : trend.findIndex((p) => !p.complete));
	return (
		<tr>
			<th scope="row"><a href={`/funnels/${encodeURIComponent(f.name)}`}>{f.title}</a></th>
			{answer.error ? <td colSpan={4} class="grey small">{answer.error.message}</td> : (
				<>
					<td class="number"><span class="strong">{first ? number(first.count) : ''}</span> <span class="grey small pinned-step">{first && stageName(first.name)}</span></td>
					<td class="number"><span class="strong">{last ? number(last.count) : ''}</span> <span class="grey small pinned-step">{last && stageName(last.name)}</span></td>
					<td class="number strong">{first && last && percent(first.count > 0 ? last.count / first.count : null)}</td>
					<td class="pinned-trend">{rates.length > 1 && <Spark label={t('funnel.pinnedTrend', { title: f.title })} values={rates} open={open} />}</td>
				</>
			)}
		</tr>
	);
}

export default function Pinned() {
	const list = useResource<{ rows: Saved[] }>('/api/v1/funnels', undefined, { live: true });
	const pinned = (list.data?.rows ?? []).filter((f) => f.place !== null).slice(0, shown_max);
	if (pinned.length === 0)
		return null;
	return (
		<section class="pinned">
			<h2>{t('funnel.pinned')}</h2>
			<table>
				<caption class="hidden">{t('funnel.pinned')}</caption>
				<thead class="hidden"><tr><th scope="col">{t('funnel.name')}</th><th scope="col">{t('funnel.pinnedFirst')}</th><th scope="col">{t('funnel.pinnedLast')}</th><th scope="col">{t('funnel.rate')}</th><th scope="col">{t('funnel.trend')}</th></tr></thead>
				<tbody>{pinned.map((f) => <Row key={f.name} f={f} />)}</tbody>
			</table>
		</section>
	);
}
