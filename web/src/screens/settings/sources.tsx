/*
 * sources.tsx - what each source brought and cost.
 */
import { hrefWith, useQuery } from '../../app/router';
import { Behind } from '../../components/behind';
import { Button } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { Select } from '../../components/field';
import { Period } from '../../components/period';
import { Count, Money, RelativeTime } from '../../components/small';
import { Table, type Column } from '../../components/table';
import { t, tOr, type Key } from '../../i18n/i18n';
import type { Amount } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { periodOf } from '../../lib/period';
import { saveCsv } from '../../lib/save';
import { SettingsPage } from './page';

const ways = ['source', 'channel', 'medium', 'campaign'] as const;

interface Source {
	value: string | null;
	other: boolean;
	steps: { name: string; count: number }[];
	touches: number;
	first_at: string | null;
	last_at: string | null;
	spend: Amount[];
	cost_per_lead: Amount[];
	cost_per_sql: Amount[];
	cost_per_customer: Amount[];
	won: Amount[];
}
interface Sources {
	by: string;
	rows: Source[];
}

function nameOf(s: Source): string {
	return s.other ? t('flow.otherSources') : (s.value ?? t('flow.noSource'));
}
/* Currencies are never added: each stands for itself. */
function Amounts({ of }: { of: Amount[] }) {
	if (of.length === 0)
		return <span class="grey">–</span>;
	return <>{of.map((a, i) => <span key={a.currency}>{i > 0 && ' + '}<Money amount={a} short /></span>)}</>;
}
function groupOf(s: Source): { group: string | null; none: string | null } {
	return s.value === null && !s.other ? { group: null, none: '1' } : { group: s.other ? '(other)' : s.value, none: null };
}

export default function SourcesScreen() {
	const [query, set] = useQuery();
	const by = query.get('by') ?? 'source';
	const span = periodOf(query);
	const sources = useResource<Sources>('/api/v1/sources', { ...span, by }, { live: true });
	const rows = sources.data?.rows ?? [];
	const stages = rows[0]?.steps.map((s) => s.name) ?? [];
	const step = Number(query.get('step'));
	const opened = step > 0 && (query.get('group') !== null || query.get('none') !== null);
	const count = (s: Source, i: number, name: string) => {
		const n = s.steps[i]?.count ?? 0;
		const stage = tOr(`stage.${name}`, name);
		return n === 0 ? <span class="grey">0</span> : <Count n={n} href={hrefWith({ step: i + 1, ...groupOf(s) })} what={`${nameOf(s)}: ${stage}`} />;
	};
	const shown = stages.map((name, i) => ({ name, i })).filter(({ name }) => ['visitor', 'lead', 'mql', 'sql', 'customer'].includes(name));
	const columns: Column<Source>[] = [
		{ key: 'name', title: t(`funnel.by.${by}` as Key), wide: true, phone: 1, cell: (s) => nameOf(s) },
		...shown.map(({ name, i }): Column<Source> => ({
			key: name, title: tOr(`stage.${name}`, name), number: true, cell: (s) => count(s, i, name),
			...(name === 'lead' || name === 'customer' ? { phone: 2 as const, named: true } : {}),
		})),
		{ key: 'spend', title: t('src.spend'), number: true, cell: (s) => <Amounts of={s.spend} /> },
		{ key: 'lead_cost', title: t('src.perLead'), number: true, phone: 2, named: true, cell: (s) => <Amounts of={s.cost_per_lead} /> },
		{ key: 'sql_cost', title: t('src.perSql'), number: true, cell: (s) => <Amounts of={s.cost_per_sql} /> },
		{ key: 'customer_cost', title: t('src.perCustomer'), number: true, cell: (s) => <Amounts of={s.cost_per_customer} /> },
		{ key: 'won', title: t('src.won'), number: true, cell: (s) => <Amounts of={s.won} /> },
		{ key: 'last', title: t('src.last'), cell: (s) => (s.last_at ? <RelativeTime at={s.last_at} /> : '–') },
	];
	const minor = (a: Amount[]) => a.map((m) => `${m.amount_minor} ${m.currency}`).join('; ');
	const take = () => saveCsv('sources', [
		[by, ...stages, 'touches', 'first_at', 'last_at', 'spend_minor', 'cost_per_lead_minor', 'cost_per_sql_minor', 'cost_per_customer_minor', 'won_minor'],
		...rows.map((s) => [nameOf(s), ...s.steps.map((x) => x.count), s.touches, s.first_at, s.last_at,
			minor(s.spend), minor(s.cost_per_lead), minor(s.cost_per_sql), minor(s.cost_per_customer), minor(s.won)]),
	]);
	return (
		<SettingsPage at="sources" actions={rows.length > 0 && <Button onClick={take}>{t('c.export')}</Button>}>
			<div class="controls">
				<Period />
				<Select label={t('flow.by')} value={by} onValue={(v) => set({ by: v === 'source' ? null : v, step: null, group: null, none: null })}
					options={ways.map((w) => ({ value: w, text: t(`funnel.by.${w}` as Key) }))} />
			</div>
			{sources.error && <ErrorLine problem={sources.error} action={<Button onClick={sources.reload}>{t('app.retry')}</Button>} />}
			{sources.data && rows.length === 0 && <Empty text={t('src.empty')} action={<a class="button main" href="/settings/keys">{t('src.fill')}</a>} />}
			{rows.length > 0 && <Table label={t('set.sources')} rows={rows} id={(s) => `${s.value} ${s.other}`} columns={columns} arrows={false} />}
			{rows.length > 0 && <p class="small grey">{t('src.about')}</p>}
			{opened && (
				<Behind title={`${query.get('group') ?? t('flow.noSource')}: ${tOr(`stage.${stages[step - 1]}`, stages[step - 1] ?? '')}`}
					query={{ ...span, by, groups: 1000, step, group: query.get('group'), no_group: query.get('none') }}
					onClose={() => set({ step: null, group: null, none: null }, { replace: true })} />
			)}
		</SettingsPage>
	);
}
