/*
 * timeline.tsx - what happened, drawn: time runs down along one line.
 *
 * What it is:   the lines of fold.ts as a list. The zone is a tint on the left edge; what changed
 *               the stage is bigger, in its department's colour, with its reason and what caused
 *               it; what was taken back is struck through. A run unfolds; every touch shows all
 *               that was sent. Journeys of others lie in a second column (or, on a phone, indented
 *               and named in the same one).
 * Promises:     whatever was sent is shown as text; new touches are announced, not only shown.
 */
import { useMemo, useState } from 'preact/hooks';
import { t, tOr } from '../../i18n/i18n';
import { date, dateTime, time } from '../../lib/format';
import { sideOf, stageName } from '../list/stage';
import {
	commonest, fold, lay, unfold, zonesOf,
	type Line, type RunLine, type StageLine, type Touch, type TouchLine, type Zone,
} from './fold';
import { figures, look, span } from './say';
import { mailsWords, runWords, touchWords, valueWords, wordOf } from './words';

export interface Lane {
	who: number;
	name: string;
	href: string;
	touches: readonly Touch[];
}

export interface TimelineProps {
	/* The first lane is whose page this is; the others lie beside it. */
	lanes: Lane[];
	/* All lanes in one column, each line with its name (a company's page). */
	mixed?: boolean;
	/* Without the tints of the zones (a deal's page). */
	plain?: boolean;
	empty: string;
	/* The names of people who did things: "user:3" -> "Anna". */
	who: (by: string) => string;
	onUndo?: (seq: number) => void;
}

/* A silence this long is worth a line of its own. */
const PAUSE_MS = 7 * 86_400_000;
/* Lines beyond this many are shown on request, newest kept. */
const LINES_MAX = 400;

function Cause({ touch, p }: { touch: Touch; p: TimelineProps }) {
	const by = touch.by ?? causeBy(touch, p);
	if (by) return <span class="grey">{t('journey.by', { who: p.who(by) })}</span>;
	if (touch.cause?.rule && !touch.cause.rule.startsWith('follows@')) return <span class="grey">{t('journey.rule', { rule: touch.cause.rule })}</span>;
	return null;
}

/* Whose deed it follows from. */
function causeBy(touch: Touch, p: TimelineProps): string | null {
	const seq = touch.cause?.seq;
	if (!seq) return null;
	for (const l of p.lanes) {
		const cause = l.touches.find((x) => x.seq === seq);
		if (cause) return cause.by ?? null;
	}
	return null;
}

function Undone({ touch, p }: { touch: Touch; p: TimelineProps }) {
	if (!touch.undone) return null;
	const by = touch.undone_by;
	return <span class="grey">{by ? t('journey.undone.by', { who: p.who(by) }) : t('journey.undone')}</span>;
}

function origin(touch: Touch): string {
	return [touch.source, touch.origin?.campaign].filter(Boolean).join(' / ');
}

/* Everything that is known of one touch. */
function Details({ touch, p }: { touch: Touch; p: TimelineProps }) {
	const rows: [string, string][] = [];
	const add = (name: string, v: unknown) => {
		if (v !== null && v !== undefined && v !== '') rows.push([name, valueWords(look, figures, v)]);
	};
	add(t('journey.source'), touch.source);
	add(t('journey.medium'), touch.origin?.medium);
	add(t('journey.campaign'), touch.origin?.campaign);
	add(t('field.referrer'), touch.origin?.referrer);
	add(t('journey.channel'), touch.channel);
	for (const [k, v] of Object.entries(touch.properties ?? {})) add(tOr(`field.${k}`, k), v);
	if (touch.import) rows.push([t('journey.origin'), t('journey.import', { n: touch.import })]);
	if (touch.cause) rows.push([t('journey.caused'), t('journey.touch', { n: touch.cause.seq })]);
	const undo = p.onUndo && touch.by && !touch.undone;
	return (
		<div class="tl-details">
			<dl>
				<div><dt>{dateTime(touch.at)}</dt><dd>{touch.name}, {t('journey.touch', { n: touch.seq })}</dd></div>
				{rows.map(([k, v], i) => <div key={i}><dt>{k}</dt><dd>{v}</dd></div>)}
			</dl>
			{undo && <button type="button" class="link" onClick={() => p.onUndo?.(touch.seq)}>{t('journey.undo')}</button>}
		</div>
	);
}

function Stage({ l, p }: { l: StageLine; p: TimelineProps }) {
	const from = l.from && l.from !== 'visitor' ? t('journey.from', { stage: stageName(l.from) }) : null;
	return (
		<>
			<strong class={`tl-stage-name ${sideOf(l.stage)}`}>{stageName(l.stage)}</strong>
			{l.reason && <span>{wordOf(look, l.reason)}</span>}
			{from && <span class="grey">{from}</span>}
			<Cause touch={l.touch} p={p} />
			<Undone touch={l.touch} p={p} />
		</>
	);
}

function One({ l, p }: { l: TouchLine; p: TimelineProps }) {
	const w = touchWords(look, figures, l.touch);
	const from = origin(l.touch);
	return (
		<>
			<span class="tl-what">{w.what}</span>
			{w.object && <span class="tl-object">{w.object}</span>}
			{w.quote && <q class="tl-quote">{w.quote}</q>}
			{from && <span class="tl-from">{from}</span>}
			{w.rest.slice(0, 3).map(([k, v], i) => <span key={i} class="grey">{k} {v}</span>)}
			<Cause touch={l.touch} p={p} />
			<Undone touch={l.touch} p={p} />
		</>
	);
}

function Run({ l }: { l: RunLine }) {
	const from = l.touches.map(origin).find(Boolean);
	const parts = l.of === 'mails'
		? mailsWords(look, figures, l)
		: commonest(l.touches, ['path', 'title', 'url', 'content', 'event', 'subject']).slice(0, 3)
			.map(([what, n]) => (n > 1 ? `${what} ×${figures.number(n)}` : what));
	return (
		<>
			<span class="tl-what">{runWords(look, figures, l)}</span>
			{from && <span class="tl-from">{from}</span>}
			{parts.map((x, i) => <span key={i} class="grey">{x}</span>)}
		</>
	);
}

interface LineProps {
	l: Line;
	p: TimelineProps;
	zone: Zone | null;
	/* The day stands before the first line of each day, a name before their first line in a row. */
	day: boolean;
	name: boolean;
	inside: boolean;
	beside: boolean;
	open: boolean;
	onToggle: () => void;
}
function Entry({ l, p, zone, day, name, inside, beside, open, onToggle }: LineProps) {
	const lane = p.lanes.find((x) => x.who === l.who);
	const undone = l.kind !== 'run' && l.touch.undone;
	const classes = ['tl', `tl-${l.kind}`, zone, inside && 'tl-inside', beside && 'tl-beside', undone && 'tl-undone'];
	return (
		<li class={classes.filter(Boolean).join(' ')}>
			<span class="tl-zone" title={zone ? t(`journey.zone.${zone}`) : undefined} />
			<span class="tl-day">{day ? date(l.at) : ''}</span>
			<time class="tl-time" dateTime={new Date(l.at).toISOString()}>{time(l.at)}</time>
			<span class="tl-tick" />
			{p.mixed && <span class="tl-who">{name && lane?.name && <a href={lane.href}>{lane.name}</a>}</span>}
			<div class="tl-body">
				<button type="button" class="tl-line" aria-expanded={open} onClick={onToggle}>
					{beside && lane && <span class="tl-other">{lane.name}</span>}
					{l.kind === 'stage' ? <Stage l={l} p={p} /> : l.kind === 'run' ? <Run l={l} /> : <One l={l} p={p} />}
				</button>
				{open && l.kind !== 'run' && <Details touch={l.touch} p={p} />}
			</div>
		</li>
	);
}

function useToggles(): [ReadonlySet<string>, (key: string) => void, (keys: string[]) => void] {
	const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
	const toggle = (key: string) => {
		const next = new Set(open);
		if (!next.delete(key)) next.add(key);
		setOpen(next);
	};
	return [open, toggle, (keys) => setOpen(new Set(keys))];
}

/* The last thing that happened, for those who do not see it appear. */
function said(lines: readonly Line[]): string {
	const l = lines[lines.length - 1];
	if (!l) return '';
	if (l.kind === 'run') return runWords(look, figures, l);
	if (l.kind === 'stage') return stageName(l.stage);
	const w = touchWords(look, figures, l.touch);
	return [w.what, w.object, w.quote].filter(Boolean).join(' ');
}

export function Timeline(p: TimelineProps) {
	const [open, toggle, setOpen] = useToggles();
	const [all, setAll] = useState(false);
	const folded = useMemo(() => lay(p.lanes.map((l) => fold(l.touches, l.who))), [p.lanes]);
	const runs = folded.filter((l) => l.kind === 'run').map((l) => l.key);
	const lines = unfold(folded, open);
	const zones = p.plain ? [] : zonesOf(lines);
	const first = all ? 0 : Math.max(0, lines.length - LINES_MAX);
	const own = p.lanes[0]?.who;
	const beside = !p.mixed && p.lanes.length > 1;
	if (lines.length === 0) return <p class="grey">{p.empty}</p>;
	const items = [];
	for (let i = first; i < lines.length; i++) {
		const l = lines[i]!;
		const before = i > first ? lines[i - 1]! : null;
		const inside = l.kind !== 'run' && runs.some((k) => open.has(k) && inRun(folded, k, l));
		const pause = before && !inside ? l.at - (before.kind === 'run' ? before.until : before.at) : 0;
		if (pause >= PAUSE_MS)
			items.push(<li key={`${l.key}-pause`} class={`tl-pause ${zones[i - 1] ?? ''}`}><span class="tl-zone" /><span class="tl-silence">{span(pause, 'pause')}</span></li>);
		items.push(
			<Entry
				key={inside ? `${l.key}-in` : l.key}
				l={l} p={p} zone={zones[i] ?? null}
				day={!before || date(before.at) !== date(l.at)}
				name={!before || before.who !== l.who}
				inside={inside} beside={beside && l.who !== own}
				open={open.has(l.key)} onToggle={() => toggle(l.key)}
			/>,
		);
	}
	const unfolded = runs.length > 0 && runs.every((k) => open.has(k));
	return (
		<div class="timeline">
			<div class="tl-bar">
				<span class="tl-legend">
					{!p.plain && (['tofu', 'mofu', 'bofu'] as const).map((z) => <span key={z} class={z}><i class="tl-zone" />{t(`journey.zone.${z}`)}</span>)}
				</span>
				{runs.length > 0 && <button type="button" class="link" onClick={() => setOpen(unfolded ? [] : runs)}>{unfolded ? t('journey.none') : t('journey.all')}</button>}
			</div>
			{first > 0 && <p><button type="button" class="link" onClick={() => setAll(true)}>{t('journey.more', { n: first })}</button></p>}
			<ol class={`tl-list${beside ? ' two' : ''}${p.mixed ? ' mixed' : ''}`}>{items}</ol>
			<p class="hidden" role="status">{said(folded)}</p>
		</div>
	);
}

function inRun(folded: readonly Line[], key: string, l: TouchLine | StageLine): boolean {
	const run = folded.find((x) => x.key === key);
	return run?.kind === 'run' && run.who === l.who && run.touches.some((x) => x.seq === l.touch.seq);
}
