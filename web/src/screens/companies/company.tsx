/*
 * company.tsx - one company: who works there, what is sold to it, what happened with all of them.
 */
import { useMemo } from 'preact/hooks';
import { useKeys } from '../../app/keys';
import { goBack } from '../../app/router';
import type { ScreenProps } from '../../app/routes';
import { useMay } from '../../app/session';
import { Button } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { RelativeTime } from '../../components/small';
import { Table, type Column } from '../../components/table';
import { t } from '../../i18n/i18n';
import { post } from '../../lib/api';
import { dash, money, number } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { Actions } from '../list/actions';
import { useNames, useRules } from '../list/rules';
import { sideOf, stageName } from '../list/stage';
import { grey, Stage, type PersonRow } from '../people/people';
import type { Acted, Action, Cell, DealRow, Edge, Identity } from '../person/api';
import { callDeed, noteDeed, ownerDeed } from '../person/deeds';
import { useJourneys } from '../person/journeys';
import { companyName, dealName, personName } from '../person/names';
import { takeBack } from '../person/person';
import { cap, look } from '../person/say';
import { Timeline } from '../person/timeline';
import { Identities, Part, Traits } from '../person/traits';
import { wordOf } from '../person/words';
import { sums } from '../deals/sums';
import type { CompanyRow } from './companies';

interface Company extends CompanyRow {
	ids: Identity[];
	fields: Cell[];
	edges: Edge[];
	people: number;
	deals: number;
	stage_since?: string | null;
	city?: string | null;
}

const ROWS_MAX = 100;
/* The timeline lays so many people together at most; the rest stand in the table. */
const LANES_MAX = 25;

function Head({ c, deals, who }: { c: Company; deals: readonly DealRow[]; who: (by: string | number) => string }) {
	const value = sums(deals.filter((d) => d.stage !== 'lost'));
	return (
		<header class="subject-head">
			<h1>{companyName(c)}</h1>
			<p class="line subject-line">
				{c.domain && <a href={`https://${encodeURI(c.domain)}`} rel="noreferrer noopener" target="_blank">{c.domain}</a>}
				{c.industry && <span>{wordOf(look, c.industry)}</span>}
				{c.country && <span>{c.country}</span>}
			</p>
			<dl class="facts">
				<div><dt>{t('field.stage')}</dt><dd>{c.stage ? <strong class={sideOf(c.stage)}>{stageName(c.stage)}</strong> : dash}</dd></div>
				<div><dt>{t('field.owner')}</dt><dd>{c.owner ? who(c.owner) : <span class="grey">{t('list.nobody')}</span>}</dd></div>
				<div><dt>{t('field.employees')}</dt><dd>{number(c.employees)}</dd></div>
				<div><dt>{t('person.value')}</dt><dd>{value.length ? value.map((x) => money(x)).join(' + ') : dash}</dd><dd class="grey small">{c.deals > 0 && t('person.deals', { n: c.deals })}</dd></div>
				<div><dt>{t('field.people')}</dt><dd>{number(c.people)}</dd></div>
			</dl>
		</header>
	);
}

function peopleColumns(who: (by: string | number) => string): Column<PersonRow>[] {
	return [
		{ key: 'name', title: cap(t('field.name')), cell: (r) => personName(r), phone: 1 },
		{ key: 'stage', title: cap(t('field.stage')), cell: (r) => <Stage stage={r.stage} />, phone: 1 },
		{ key: 'title', title: cap(t('field.title')), cell: (r) => grey(r.title), phone: 2, wide: true },
		{ key: 'owner', title: cap(t('field.owner')), cell: (r) => (r.owner ? who(r.owner) : grey(null)) },
		{ key: 'touches', title: cap(t('field.touches')), number: true, cell: (r) => number(r.touches) },
		{ key: 'last_at', title: cap(t('field.last_at')), number: true, cell: (r) => (r.last_at ? <RelativeTime at={r.last_at} quiet /> : dash) },
	];
}

export function dealColumns(who: (by: string | number) => string): Column<DealRow>[] {
	return [
		{ key: 'name', title: cap(t('field.name')), cell: (d) => dealName(d), phone: 1, wide: true },
		{ key: 'stage', title: cap(t('field.stage')), cell: (d) => (d.stage ? wordOf(look, d.stage) : dash), phone: 2 },
		{ key: 'owner', title: cap(t('field.owner')), cell: (d) => (d.owner ? who(d.owner) : grey(null)) },
		{ key: 'amount', title: cap(t('field.amount')), number: true, cell: (d) => money(d.amount), phone: 1 },
	];
}

function Page({ id }: { id: number }) {
	const company = useResource<Company>(`/api/v1/companies/${id}`, undefined, { live: true });
	const people = useResource<{ rows: PersonRow[] }>(`/api/v1/companies/${id}/people`, { limit: ROWS_MAX, sort: '-last_at' }, { live: true });
	const deals = useResource<{ rows: DealRow[] }>(`/api/v1/companies/${id}/deals`, { limit: ROWS_MAX }, { live: true });
	const names = useNames();
	const rules = useRules();
	const may = useMay('work');
	const rows = people.data?.rows ?? [];
	const asked = rows.slice(0, LANES_MAX);
	const journey = useJourneys([
		{ who: id, path: `/api/v1/companies/${id}/journey` },
		...asked.map((p) => ({ who: p.person, path: `/api/v1/people/${p.person}/journey` })),
	]);
	const lanes = useMemo(
		() => journey.lanes.map((l) => {
			const p = rows.find((r) => r.person === l.who);
			// what happened with a person stands in their own lane
			const touches = p ? l.touches : l.touches.filter((x) => !x.person);
			return { who: l.who, touches, name: p ? personName(p) : '', href: `/people/${l.who}` };
		}),
		[journey.lanes, people.data],
	);
	useKeys([{ keys: 'Escape', help: 'c.back', run: () => goBack('/companies') }]);
	const c = company.data;
	const reload = () => {
		company.reload();
		people.reload();
		deals.reload();
		journey.reload();
	};
	if (company.error && !c) {
		if (company.error.status === 404) return <Empty text={t('company.gone')} action={<a href="/companies">{t('nav.companies')}</a>} />;
		return <ErrorLine problem={company.error} action={<Button onClick={reload}>{t('app.retry')}</Button>} />;
	}
	if (!c) return null;
	const sold = deals.data?.rows ?? [];
	const send = (a: Action) => post<Acted>(`/api/v1/companies/${id}/actions`, a);
	return (
		<article class="subject" aria-busy={company.loading}>
			<Head c={c} deals={sold} who={names} />
			{may && <Actions label={t('person.actions')} deeds={[noteDeed(), callDeed(rules), ownerDeed(rules)]} send={send} onDone={reload} />}
			<div class="subject-body">
				<div class="subject-main stack-wide">
					<section>
						<h2>{t('nav.people')}</h2>
						{rows.length === 0 ? <p class="grey">{people.data ? t('company.nobody') : ''}</p> :
							<Table label={t('nav.people')} rows={rows} id={(r) => r.person} href={(r) => `/people/${r.person}`} columns={peopleColumns(names)} />}
					</section>
					<section>
						<h2>{t('nav.deals')}</h2>
						{sold.length === 0 ? <p class="grey">{deals.data ? t('company.noDeals') : ''}</p> :
							<Table label={t('nav.deals')} rows={sold} id={(d) => d.deal} href={(d) => `/deals/${d.deal}`} columns={dealColumns(names)} arrows={false} />}
					</section>
					<section>
						<h2>{t('company.timeline')}</h2>
						<Timeline lanes={lanes} mixed empty={t('journey.empty.company')} who={names} onUndo={may ? (seq) => void takeBack(seq, reload) : undefined} />
						{rows.length > LANES_MAX && <p class="grey small">{t('company.lanes', { n: LANES_MAX })}</p>}
					</section>
				</div>
				<aside class="subject-side" aria-label={t('person.known')}>
					<Traits cells={c.fields} who={names} />
					<Identities ids={c.ids} edges={c.edges} who={names} />
					{c.fields.length === 0 && <Part title={t('person.traits')}><p class="grey">{t('company.noTraits')}</p></Part>}
				</aside>
			</div>
		</article>
	);
}

export default function CompanyScreen({ params }: ScreenProps) {
	return <Page key={params['id']} id={Number(params['id'])} />;
}
