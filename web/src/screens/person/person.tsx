/*
 * person.tsx - one person: who they are, what may be done, what happened, and what one does next.
 */
import { useMemo, useState } from 'preact/hooks';
import { useKeys } from '../../app/keys';
import { goBack, navigate } from '../../app/router';
import type { ScreenProps } from '../../app/routes';
import { useMay } from '../../app/session';
import { Empty } from '../../components/empty';
import { toast, toastError } from '../../components/toast';
import { ErrorLine } from '../../components/error';
import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { RelativeTime } from '../../components/small';
import { t } from '../../i18n/i18n';
import { get, post, Problem, url } from '../../lib/api';
import { dash, money, number } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { sums } from '../deals/sums';
import { Actions, undoTouch } from '../list/actions';
import { useNames, useRules } from '../list/rules';
import { sideOf, stageName } from '../list/stage';
import type { Acted, Action, Cell, CompanyRef, Consent, DealRow, Edge, Identity, Origin } from './api';
import { personDeeds } from './deeds';
import { useJourneys } from './journeys';
import { companyName, dealName, personName } from './names';
import { look } from './say';
import { StageBar } from './stage-bar';
import { Timeline } from './timeline';
import { Identities, Part, Permissions, Traits } from './traits';
import { wordOf } from './words';

export interface Person {
	person: number;
	name: string | null;
	email: string | null;
	title?: string | null;
	stage: string | null;
	stage_since: string | null;
	stage_reason: string | null;
	exit?: { kind: string; reason: string | null; until: string | null; at: string } | null;
	owner: string | number | null;
	company: CompanyRef | null;
	first: Origin | null;
	latest: Origin | null;
	touches: number;
	first_at: string | null;
	last_at: string | null;
	ids: Identity[];
	fields: Cell[];
	consents: Consent[];
	deals: DealRow[];
}

function textCell(p: Person, key: string): string | null {
	const v = p.fields.find((c) => c.key === key)?.value;
	return typeof v === 'string' || typeof v === 'number' ? String(v) : null;
}

/* Where they came from: "omr → newsletter". */
function cameFrom(p: Person): string {
	const first = p.first?.source ?? null;
	const latest = p.latest?.source ?? null;
	if (!first) return dash;
	return latest && latest !== first ? `${first} → ${latest}` : first;
}

function Head({ p, who }: { p: Person; who: (by: string | number) => string }) {
	const title = textCell(p, 'title') ?? p.title ?? null;
	const phone = textCell(p, 'phone') ?? textCell(p, 'mobile');
	const value = sums(p.deals.filter((d) => d.stage !== 'lost'));
	return (
		<header class="subject-head">
			<h1>{personName(p)}</h1>
			<p class="line subject-line">
				{title && <span>{title}</span>}
				{p.company && <a href={`/companies/${p.company.company}`}>{companyName(p.company)}</a>}
				{p.email && <a href={`mailto:${p.email}`}>{p.email}</a>}
				{phone && <a href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{phone}</a>}
			</p>
			<dl class="facts">
				<div>
					<dt>{t('field.stage')}</dt>
					<dd><strong class={sideOf(p.stage)}>{stageName(p.stage)}</strong><StageBar stage={p.stage} /></dd>
					<dd class="grey small">
						{p.stage_since && <RelativeTime at={p.stage_since} />}
						{p.stage_reason && `${p.stage_since ? ', ' : ''}${wordOf(look, p.stage_reason)}`}
					</dd>
					{p.exit && (
						<dd class="small">
							{t(p.exit.kind === 'recycled' ? 'person.recycled' : 'person.disqualified')}
							{p.exit.reason && `: ${wordOf(look, p.exit.reason)}`}
							{p.exit.until && <>, {t('field.until')} <RelativeTime at={p.exit.until} /></>}
						</dd>
					)}
				</div>
				<div>
					<dt>{t('field.owner')}</dt>
					<dd>{p.owner ? who(p.owner) : <span class="grey">{t('list.nobody')}</span>}</dd>
				</div>
				<div>
					<dt>{t('person.cameFrom')}</dt>
					<dd>{cameFrom(p)}</dd>
					<dd class="grey small">{[p.first?.channel, p.latest?.channel].filter((c, i, all) => c && all.indexOf(c) === i).join(' → ')}</dd>
				</div>
				<div>
					<dt>{t('person.value')}</dt>
					<dd>{value.length ? value.map((x) => money(x)).join(' + ') : dash}</dd>
					<dd class="grey small">{p.deals.length > 0 && t('person.deals', { n: p.deals.length })}</dd>
				</div>
				<div>
					<dt>{t('field.touches')}</dt>
					<dd>{number(p.touches)}</dd>
					<dd class="grey small">{p.last_at && <RelativeTime at={p.last_at} />}</dd>
				</div>
				<div class="facts-wide">
					<dt>{t('person.permission')}</dt>
					<dd><Permissions consents={p.consents} /></dd>
				</div>
			</dl>
		</header>
	);
}

function Deals({ deals }: { deals: readonly DealRow[] }) {
	if (deals.length === 0) return null;
	return (
		<Part title={t('nav.deals')}>
			<ul class="links">
				{deals.map((d) => (
					<li key={d.deal}>
						<a href={`/deals/${d.deal}`}>{dealName(d)}</a>
						<span class="grey"> {d.stage && wordOf(look, d.stage)}{d.amount && `, ${money(d.amount)}`}</span>
					</li>
				))}
			</ul>
		</Part>
	);
}

interface ColleagueRow {
	person: number;
	name: string | null;
	email: string | null;
	stage: string | null;
}
function Colleagues({ rows, company, on, onToggle }: { rows: ColleagueRow[]; company: CompanyRef; on: boolean; onToggle: () => void }) {
	return (
		<Part title={t('person.colleagues', { company: company.name ?? '' })}>
			{rows.length === 0 ? <p class="grey">{t('journey.colleagues.none', { company: company.name ?? '' })}</p> : (
				<>
					<ul class="links">
						{rows.map((r) => <li key={r.person}><a href={`/people/${r.person}`}>{personName(r)}</a><span class="grey"> {stageName(r.stage)}</span></li>)}
					</ul>
					<Button aria-pressed={on} onClick={onToggle}>{t('journey.colleagues')}</Button>
				</>
			)}
		</Part>
	);
}

export async function takeBack(seq: number, after: () => void): Promise<void> {
	try {
		await undoTouch(seq, after);
		toast(t('c.undone'));
	} catch (e) {
		toastError(e);
	}
}

/* The other one is named by number or address. */
async function merge(id: number, a: Action): Promise<Acted> {
	const other = String(a['with']);
	let number = Number(other);
	if (!/^\d+$/.test(other)) {
		const where = `email = "${other.replace(/[\\"]/g, '\\$&')}"`;
		const found = await get<{ rows: { person: number }[] }>('/api/v1/people', { where, limit: 2 });
		if (found.rows.length !== 1) throw new Problem(404, 'not_found', t('deed.merge.nobody', { what: other }), 'with', {});
		number = found.rows[0]!.person;
	}
	return post<Acted>(`/api/v1/people/${id}/merge`, { with: number, reason: a['reason'] });
}

async function unmerge(id: number, profile: number, after: () => void): Promise<void> {
	try {
		const done = await post<Acted>(`/api/v1/people/${id}/unmerge`, { profile, reason: t('person.separate.reason') });
		toast(t('person.separated'), { undo: () => undoTouch(done.undo, after) });
		after();
	} catch (e) {
		toastError(e);
	}
}

/* For ever, so it is asked before, and said in plain words. Nothing of them is asked for while it
 * happens: `onErasing`. */
function Erase({ p, onErasing }: { p: Person; onErasing(on: boolean): void }) {
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);
	const send = async () => {
		setBusy(true);
		onErasing(true);
		try {
			await post(`/api/v1/people/${p.person}/erase`, {});
			toast(t('person.erased'));
			navigate('/people');
		} catch (e) {
			setBusy(false);
			setAsking(false);
			onErasing(false);
			toastError(e);
		}
	};
	return (
		<p>
			<Button kind="quiet" onClick={() => setAsking(true)}>{t('person.erase')}</Button>
			{asking && (
				<Dialog title={t('person.eraseTitle', { name: personName(p) })} onClose={() => setAsking(false)} onSubmit={() => void send()}
					actions={<Button kind="danger" submit busy={busy}>{t('person.eraseButton')}</Button>}>
					<p>{t('person.eraseGoes')}</p>
					<p>{t('person.eraseStays')}</p>
					<p>{t('person.eraseBackups')}</p>
				</Dialog>
			)}
		</p>
	);
}

/* So many colleagues are laid beside a journey at most. */
const BESIDE_MAX = 6;

function Page({ id }: { id: number }) {
	const [erasing, setErasing] = useState(false);
	const person = useResource<Person>(`/api/v1/people/${id}`, undefined, { live: !erasing });
	const names = useNames();
	const rules = useRules();
	const may = useMay('work');
	const mayErase = useMay('configure');
	const [beside, setBeside] = useState(false);
	const p = person.data?.person !== undefined ? person.data : null;
	const company = p?.company ?? null;
	const others = useResource<{ rows: ColleagueRow[] }>(company ? `/api/v1/companies/${company.company}/people` : null, { limit: 20 });
	const colleagues = useMemo(() => (others.data?.rows ?? []).filter((r) => r.person !== p?.person), [others.data, p?.person]);
	const asked = [id, ...(beside ? colleagues.slice(0, BESIDE_MAX).map((c) => c.person) : [])];
	const journey = useJourneys(asked.map((who) => ({ who, path: `/api/v1/people/${who}/journey` })), !erasing);
	const lanes = useMemo(
		() => journey.lanes.map((l) => {
			const other = colleagues.find((c) => c.person === l.who);
			return { ...l, name: other ? personName(other) : '', href: `/people/${l.who}` };
		}),
		[journey.lanes, colleagues],
	);
	useKeys([{ keys: 'Escape', help: 'c.back', run: () => goBack('/people') }]);
	const reload = () => {
		person.reload();
		journey.reload();
	};
	if (person.error && !p) {
		if (person.error.status === 404)
			return <Empty text={t('person.gone')} action={<a href="/people">{t('nav.people')}</a>} />;
		return <ErrorLine problem={person.error} action={<Button onClick={reload}>{t('app.retry')}</Button>} />;
	}
	if (!p) return null;
	const send = (a: Action) => (a.action === 'merge' ? merge(id, a) : post<Acted>(`/api/v1/people/${id}/actions`, a));
	const separate = (profile: number) => void unmerge(id, profile, reload);
	const edges: Edge[] = journey.edges;
	return (
		<article class="subject" aria-busy={person.loading}>
			<Head p={p} who={names} />
			{may && <Actions label={t('person.actions')} deeds={personDeeds(p, rules)} send={send} onDone={reload} />}
			<div class="subject-body">
				<section class="subject-main" aria-label={t('journey.title')}>
					<h2>{t('journey.title')}</h2>
					{journey.error && <ErrorLine problem={journey.error} action={<Button onClick={reload}>{t('app.retry')}</Button>} />}
					{!journey.loading || lanes[0] ? <Timeline lanes={lanes} empty={t('journey.empty')} who={names} onUndo={may ? (seq) => void takeBack(seq, reload) : undefined} /> : null}
				</section>
				<aside class="subject-side" aria-label={t('person.known')}>
					<Traits cells={p.fields} who={names} />
					<Deals deals={p.deals} />
					{company && <Colleagues rows={colleagues} company={company} on={beside} onToggle={() => setBeside(!beside)} />}
					<Identities ids={p.ids} edges={edges} who={names} onSeparate={may ? separate : undefined} />
					<p><a href={url(`/api/v1/people/${id}/export`)} download>{t('person.export')}</a></p>
					{mayErase && <Erase p={p} onErasing={setErasing} />}
				</aside>
			</div>
		</article>
	);
}

export default function PersonScreen({ params }: ScreenProps) {
	return <Page key={params['id']} id={Number(params['id'])} />;
}
