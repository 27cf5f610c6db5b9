/*
 * deals.tsx - what is being sold: by stage with sums, and deal by deal.
 */
import { useMemo } from 'preact/hooks';
import { Empty } from '../../components/empty';
import { quoted } from '../../components/rule-complete';
import { RelativeTime } from '../../components/small';
import { t } from '../../i18n/i18n';
import { dash, date, money, number, type Amount } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { ListScreen, type Kind } from '../list/list';
import { useNames } from '../list/rules';
import { grey } from '../people/people';
import type { DealRow } from '../person/api';
import { companyName, dealName } from '../person/names';
import { age, look } from '../person/say';
import { wordOf } from '../person/words';

/* How long it has been open, or was. */
function ageOf(d: DealRow): string {
	if (!d.created_at) return dash;
	const end = d.closed_at ? Date.parse(d.closed_at) : Date.now();
	return age(end - Date.parse(d.created_at));
}

function CloseDate({ d }: { d: DealRow }) {
	if (!d.close_date) return <>{dash}</>;
	const late = d.status !== 'won' && d.status !== 'lost' && Date.parse(d.close_date) < Date.now() - 86_400_000;
	return <span class={late ? 'red' : undefined}>{date(d.close_date)}{late && <span class="hidden"> {t('deal.late')}</span>}</span>;
}

interface StageSum {
	stage: string | null;
	status: string | null;
	count: number;
	sums: Amount[];
}

function stageHref(stage: string | null): string {
	const rule = stage === null ? 'stage is unknown' : `stage = ${quoted(stage)}`;
	return `/deals?where=${encodeURIComponent(rule)}`;
}

/* The stages as rows with flat bars: how many, and how much in each currency. */
function Stages({ where, version }: { where: string; version: number }) {
	const answer = useResource<{ rows: StageSum[] }>('/api/v1/deals/stages', { where }, { live: true }).data;
	void version;
	const rows = answer?.rows ?? [];
	if (rows.length === 0) return null;
	const most = Math.max(...rows.map((r) => r.count), 1);
	return (
		<table class="stage-sums">
			<caption class="hidden">{t('deals.stages')}</caption>
			<tbody>
				{rows.map((r) => (
					<tr key={r.stage}>
						<th scope="row"><a href={stageHref(r.stage)}>{r.stage ? wordOf(look, r.stage) : t('list.facets.unknown')}</a></th>
						<td class="stage-sums-bar"><progress class={r.status === 'lost' ? 'lost' : ''} max={most} value={r.count} aria-hidden="true" /></td>
						<td class="number">{number(r.count)}</td>
						<td class="number">{r.sums.length ? r.sums.map((x) => money(x)).join(' + ') : dash}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

export default function DealsScreen() {
	const names = useNames();
	const kind: Kind<DealRow> = useMemo(() => ({
		entity: 'deal',
		path: '/deals',
		counted: 'deals.count',
		search: 'deals.search',
		example: t('deals.example'),
		columns: [
			{ id: 'name', label: t('field.name'), sort: 'name', width: 'minmax(200px, 2fr)', cell: (d) => dealName(d) },
			{ id: 'company', label: t('field.company'), sort: 'company', width: 'minmax(140px, 1.4fr)', cell: (d) => (d.company ? companyName(d.company) : grey(null)) },
			{ id: 'stage', label: t('field.stage'), sort: 'stage', width: '128px', cell: (d) => (d.stage ? wordOf(look, d.stage) : grey(null)) },
			{ id: 'amount', keep: true, label: t('field.amount'), sort: 'amount', right: true, width: '132px', cell: (d) => money(d.amount) },
			{ id: 'close_date', label: t('field.close_date'), sort: 'close_date', right: true, width: '128px', cell: (d) => <CloseDate d={d} /> },
			{ id: 'owner', label: t('field.owner'), sort: 'owner', width: 'minmax(110px, 1fr)', cell: (d) => (d.owner ? names(d.owner) : grey(null)) },
			{ id: 'next_step', label: t('field.next_step'), sort: 'next_step', width: 'minmax(140px, 1.4fr)', cell: (d) => grey(d.next_step) },
			{ id: 'age', label: t('field.age'), sort: 'created_at', right: true, width: '104px', cell: ageOf },
			{ id: 'last_at', keep: true, label: t('field.last_at'), sort: 'last_at', right: true, width: '132px', cell: (d) => (d.last_at ? <RelativeTime at={d.last_at} quiet /> : dash) },
		],
		defaults: ['name', 'company', 'stage', 'amount', 'close_date', 'owner', 'next_step', 'age'],
		sort: 'stage',
		id: (d) => d.deal,
		name: dealName,
		two: (d) => [
			dealName(d),
			money(d.amount),
			[d.stage && wordOf(look, d.stage), d.owner && names(d.owner)].filter(Boolean).join(', ') || dash,
			<CloseDate d={d} />,
		],
		empty: <Empty text={t('deals.empty')} />,
		deeds: [],
		above: (where, version) => <Stages where={where} version={version} />,
	}), [names]);
	return <ListScreen k={kind} />;
}
