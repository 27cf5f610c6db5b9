/*
 * people.tsx - everyone in the funnel: found, put in order, chosen, worked on.
 */
import { useMemo } from 'preact/hooks';
import { useMay } from '../../app/session';
import { ButtonLink } from '../../components/button';
import { Empty } from '../../components/empty';
import { RelativeTime } from '../../components/small';
import { t } from '../../i18n/i18n';
import { dash, number } from '../../lib/format';
import { ListScreen, type Kind } from '../list/list';
import { useNames, useRules } from '../list/rules';
import { sideOf, stageName } from '../list/stage';
import type { CompanyRef } from '../person/api';
import { bulkDeeds } from '../person/deeds';
import { isUnnamed, personName } from '../person/names';
import { StageBar } from '../person/stage-bar';

export interface PersonRow {
	person: number;
	name: string | null;
	email: string | null;
	title: string | null;
	company: CompanyRef | null;
	stage: string | null;
	owner: string | number | null;
	first_source: string | null;
	latest_source: string | null;
	last_at: string | null;
	touches: number;
}

export function grey(text: string | null | undefined) {
	return text ? text : <span class="grey">{dash}</span>;
}

export function Stage({ stage }: { stage: string | null }) {
	return <span class="stage-cell"><StageBar stage={stage} /><span class={stage ? sideOf(stage) : 'grey'}>{stageName(stage)}</span></span>;
}

export default function PeopleScreen() {
	const names = useNames();
	const rules = useRules();
	const imports = useMay('import');
	const kind: Kind<PersonRow> = useMemo(() => ({
		entity: 'person',
		path: '/people',
		counted: 'people.count',
		search: 'people.search',
		example: t('people.example'),
		columns: [
			{ id: 'name', label: t('field.name'), sort: 'name', width: 'minmax(140px, 2fr)', cell: (r) => (isUnnamed(r) ? <span class="grey">{personName(r)}</span> : personName(r)) },
			{ id: 'stage', label: t('field.stage'), sort: 'stage', width: '168px', cell: (r) => <Stage stage={r.stage} /> },
			{ id: 'company', label: t('field.company'), sort: 'company', width: 'minmax(110px, 1.6fr)', cell: (r) => grey(r.company?.name) },
			{ id: 'title', label: t('field.title'), sort: 'title', width: 'minmax(90px, 1.2fr)', cell: (r) => grey(r.title) },
			{ id: 'email', label: t('field.email'), sort: 'email', width: 'minmax(120px, 2fr)', cell: (r) => grey(r.email) },
			{ id: 'owner', label: t('field.owner'), sort: 'owner', width: 'minmax(90px, 1fr)', cell: (r) => (r.owner ? names(r.owner) : <span class="grey">{dash}</span>) },
			{ id: 'first_source', label: t('field.first_source'), sort: 'first_source', width: 'minmax(80px, 1fr)', cell: (r) => grey(r.first_source) },
			{ id: 'latest_source', label: t('field.latest_source'), sort: 'latest_source', width: 'minmax(80px, 1fr)', cell: (r) => grey(r.latest_source) },
			{ id: 'touches', label: t('field.touches'), sort: 'touches', right: true, width: '76px', cell: (r) => number(r.touches) },
			{ id: 'last_at', keep: true, label: t('field.last_at'), sort: 'last_at', right: true, width: '116px', cell: (r) => (r.last_at ? <RelativeTime at={r.last_at} quiet /> : dash) },
		],
		defaults: ['name', 'stage', 'company', 'title', 'owner', 'first_source', 'latest_source', 'touches', 'last_at'],
		sort: '-last_at',
		id: (r) => r.person,
		name: personName,
		two: (r) => [
			personName(r),
			<span class={sideOf(r.stage)}>{stageName(r.stage)}</span>,
			[r.title, r.company?.name].filter(Boolean).join(', ') || r.email || r.first_source || dash,
			r.last_at ? <RelativeTime at={r.last_at} quiet /> : dash,
		],
		empty: (
			<Empty
				text={t('people.empty')}
				action={imports ? <ButtonLink kind="main" href="/import">{t('people.empty.import')}</ButtonLink> : undefined}
			/>
		),
		deeds: bulkDeeds(rules),
	}), [names, rules, imports]);
	return <ListScreen k={kind} />;
}
