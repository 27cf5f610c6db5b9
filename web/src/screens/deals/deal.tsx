/*
 * deal.tsx - one deal: how far it is, who decides, what happened, what comes next.
 */
import { useMemo } from 'preact/hooks';
import { useKeys } from '../../app/keys';
import { goBack } from '../../app/router';
import type { ScreenProps } from '../../app/routes';
import { useMay, useSession } from '../../app/session';
import { Button } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { RelativeTime } from '../../components/small';
import { toast, toastError } from '../../components/toast';
import { t } from '../../i18n/i18n';
import { post } from '../../lib/api';
import { dash, date, money } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { Actions, undoTouch } from '../list/actions';
import { useNames, useRules } from '../list/rules';
import type { Acted, Action, Cell, DealRow, PersonRef } from '../person/api';
import { useJourneys } from '../person/journeys';
import { companyName, dealName, personName } from '../person/names';
import { takeBack } from '../person/person';
import { look } from '../person/say';
import { Timeline } from '../person/timeline';
import { Part, Traits } from '../person/traits';
import { wordOf } from '../person/words';
import { dealDeeds, moveDeed } from './deeds';

interface Deal extends DealRow {
	fields: Cell[];
	people: (PersonRef & { role: string | null })[];
}

/* The stages as a line: passed, now, to come. The ones to come are buttons that move it there. */
function StageLine({ d, stages, may, onMove }: { d: Deal; stages: string[]; may: boolean; onMove: (stage: string) => void }) {
	const closed = d.status === 'won' || d.status === 'lost';
	const line = [...stages, ...(stages.includes(d.stage ?? '') || closed || !d.stage ? [] : [d.stage]), d.status === 'lost' ? 'lost' : 'won'];
	const now = closed ? line.length - 1 : line.indexOf(d.stage ?? '');
	return (
		<ol class="deal-line" aria-label={t('deal.line')}>
			{line.map((stage, i) => {
				const state = i < now ? 'passed' : i === now ? 'now' : 'coming';
				const movable = may && !closed && i !== now && i < line.length - 1;
				return (
					<li key={stage} class={`${state}${d.status === 'lost' && i === now ? ' lost' : ''}`} aria-current={i === now ? 'step' : undefined}>
						{movable ?
							<button type="button" aria-label={t('deal.moveTo', { stage: wordOf(look, stage) })} onClick={() => onMove(stage)}>{wordOf(look, stage)}</button> :
							<span>{wordOf(look, stage)}</span>}
					</li>
				);
			})}
		</ol>
	);
}

function Head({ d, who }: { d: Deal; who: (by: string | number) => string }) {
	return (
		<header class="subject-head">
			<h1>{dealName(d)}</h1>
			<p class="line subject-line">
				{d.company && <a href={`/companies/${d.company.company}`}>{companyName(d.company)}</a>}
				{d.pipeline && <span class="grey">{wordOf(look, d.pipeline)}</span>}
			</p>
			<p class="big">{money(d.amount)}</p>
			<dl class="facts">
				<div><dt>{t('field.close_date')}</dt><dd>{d.close_date ? date(d.close_date) : dash}</dd></div>
				<div>
					<dt>{t('field.next_step')}</dt><dd>{d.next_step ?? dash}</dd>
					<dd class="grey small">{d.next_step_at && date(d.next_step_at)}</dd>
				</div>
				<div><dt>{t('field.owner')}</dt><dd>{d.owner ? who(d.owner) : <span class="grey">{t('list.nobody')}</span>}</dd></div>
				<div><dt>{t('field.created_at')}</dt><dd>{d.created_at ? <RelativeTime at={d.created_at} /> : dash}</dd></div>
				{d.loss_reason && <div><dt>{t('field.loss_reason')}</dt><dd>{wordOf(look, d.loss_reason)}</dd></div>}
			</dl>
		</header>
	);
}

function People({ people }: { people: Deal['people'] }) {
	return (
		<Part title={t('nav.people')}>
			{people.length === 0 ? <p class="grey">{t('deal.nobody')}</p> : (
				<ul class="links">
					{people.map((p) => <li key={p.person}><a href={`/people/${p.person}`}>{personName(p)}</a>{p.role && <span class="grey"> {wordOf(look, p.role)}</span>}</li>)}
				</ul>
			)}
		</Part>
	);
}

function Page({ id }: { id: number }) {
	const deal = useResource<Deal>(`/api/v1/deals/${id}`, undefined, { live: true });
	const { workspace } = useSession();
	const names = useNames();
	const rules = useRules();
	const may = useMay('work');
	const journey = useJourneys([{ who: id, path: `/api/v1/deals/${id}/journey` }]);
	const lanes = useMemo(() => journey.lanes.map((l) => ({ ...l, name: '', href: '' })), [journey.lanes]);
	useKeys([{ keys: 'Escape', help: 'c.back', run: () => goBack('/deals') }]);
	const d = deal.data;
	const reload = () => {
		deal.reload();
		journey.reload();
	};
	if (deal.error && !d) {
		if (deal.error.status === 404) return <Empty text={t('deal.gone')} action={<a href="/deals">{t('nav.deals')}</a>} />;
		return <ErrorLine problem={deal.error} action={<Button onClick={reload}>{t('app.retry')}</Button>} />;
	}
	if (!d) return null;
	const send = (a: Action) => post<Acted>(`/api/v1/deals/${id}/actions`, a);
	const move = async (stage: string) => {
		const deed = moveDeed(stage);
		try {
			const done = await send(deed.body({}));
			toast(deed.done({}), { undo: () => undoTouch(done.undo, reload) });
			reload();
		} catch (e) {
			toastError(e);
		}
	};
	return (
		<article class="subject" aria-busy={deal.loading}>
			<Head d={d} who={names} />
			<StageLine d={d} stages={rules.deal_stages} may={may} onMove={(stage) => void move(stage)} />
			{may && <Actions label={t('person.actions')} deeds={dealDeeds(d, rules, workspace.currency)} send={send} onDone={reload} />}
			<div class="subject-body">
				<section class="subject-main" aria-label={t('company.timeline')}>
					<h2>{t('company.timeline')}</h2>
					<Timeline lanes={lanes} plain empty={t('journey.empty.deal')} who={names} onUndo={may ? (seq) => void takeBack(seq, reload) : undefined} />
				</section>
				<aside class="subject-side" aria-label={t('person.known')}>
					<People people={d.people ?? []} />
					<Traits cells={d.fields ?? []} who={names} />
				</aside>
			</div>
		</article>
	);
}

export default function DealScreen({ params }: ScreenProps) {
	return <Page key={params['id']} id={Number(params['id'])} />;
}
