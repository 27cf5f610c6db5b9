/*
 * fold.ts - a list of touches as the lines of a journey.
 *
 * What it is:   runs of alike touches become one line ("14 pages in 9 minutes") that can be
 *               unfolded; what changed the stage, and what people said and did by hand, never
 *               disappears in a run. Several people's journeys are folded each on their own and
 *               then laid together by time.
 * Promises:     pure; no touch is lost or shown twice; the lines before the last two do not change
 *               when later touches are added behind it.
 */

export interface Cause {
	seq: number;
	rule?: string | null;
}

export interface Touch {
	seq: number;
	at: string;
	name: string;
	zone?: string | null;
	source?: string | null;
	origin?: { medium?: string; campaign?: string; content?: string; term?: string; referrer?: string };
	channel?: string | null;
	properties?: Record<string, unknown>;
	cause?: Cause | null;
	import?: number | null;
	undone?: boolean;
	undone_by?: string | null;
	undone_at?: string | null;
	by?: string | null;
	person?: number | null;
	company?: number | null;
	deal?: number | null;
}

/* What a run is made of: its word is chosen by this ("pages", "mails", ...). */
export type RunOf = 'pages' | 'mails' | 'calls' | 'details' | 'touches';

export interface TouchLine {
	kind: 'touch';
	key: string;
	at: number;
	who: number;
	touch: Touch;
}
export interface StageLine {
	kind: 'stage';
	key: string;
	at: number;
	who: number;
	touch: Touch;
	stage: string;
	from: string | null;
	reason: string | null;
}
export interface RunLine {
	kind: 'run';
	key: string;
	at: number;
	until: number;
	who: number;
	of: RunOf;
	touches: Touch[];
}
export type Line = TouchLine | StageLine | RunLine;

/* Fewer alike touches than this stay on lines of their own. */
export const RUN_MIN = 3;
/* A visit ends after so long without a page. */
const VISIT_GAP_MS = 30 * 60_000;
/* Mails and tries to call belong together for longer. */
const CONTACT_GAP_MS = 14 * 86_400_000;

const PAGES = new Set(['page_viewed', 'screen_viewed', 'content_viewed']);

export function textOf(v: unknown): string | null {
	if (typeof v === 'string') return v === '' ? null : v;
	if (typeof v === 'number' || typeof v === 'boolean') return String(v);
	return null;
}

/* The run that a touch may be part of; null: it always stands alone. */
export function runOf(t: Touch): RunOf | null {
	if (PAGES.has(t.name)) return 'pages';
	if (t.name.startsWith('message_') && t.name !== 'message_replied') return 'mails';
	if (t.name === 'call_made') return textOf(t.properties?.outcome) === 'no answer' ? 'calls' : null;
	if (t.name === 'person_updated' || t.name === 'company_updated') return 'details';
	if (/^(stage_|lead_|deal_|note_|consent_|meeting_|demo_|objection_|task_|person_|form_)/.test(t.name))
		return null;
	return 'touches';
}

function gapMax(of: RunOf): number {
	return of === 'mails' || of === 'calls' ? CONTACT_GAP_MS : VISIT_GAP_MS;
}

/* Two touches that follow each other belong to one run. A new source begins a new visit; a touch
 * that was taken back never hides among those that count. */
function alike(a: Touch, b: Touch, of: RunOf): boolean {
	if (Boolean(a.undone) !== Boolean(b.undone)) return false;
	if (Date.parse(b.at) - Date.parse(a.at) > gapMax(of)) return false;
	if (of === 'pages' && b.source && b.source !== a.source) return false;
	return of !== 'touches' || a.name === b.name;
}

function single(t: Touch, who: number): Line {
	const at = Date.parse(t.at);
	const key = `${who}:${t.seq}`;
	const stage = t.name === 'stage_entered' ? textOf(t.properties?.stage) : null;
	if (stage === null) return { kind: 'touch', key, at, who, touch: t };
	return {
		kind: 'stage',
		key,
		at,
		who,
		touch: t,
		stage,
		from: textOf(t.properties?.from),
		reason: textOf(t.properties?.reason),
	};
}

/* The lines of one person's touches, which come in order of time. `who` marks the lines. */
export function fold(touches: readonly Touch[], who = 0): Line[] {
	const lines: Line[] = [];
	for (let i = 0; i < touches.length; ) {
		const first = touches[i]!;
		const of = runOf(first);
		let end = i + 1;
		while (of && end < touches.length && runOf(touches[end]!) === of) {
			if (!alike(touches[end - 1]!, touches[end]!, of)) break;
			end++;
		}
		if (of && end - i >= RUN_MIN) {
			const run = touches.slice(i, end);
			lines.push({
				kind: 'run',
				key: `${who}:${first.seq}+`,
				at: Date.parse(first.at),
				until: Date.parse(run[run.length - 1]!.at),
				who,
				of,
				touches: run,
			});
		} else {
			for (const t of touches.slice(i, end)) lines.push(single(t, who));
		}
		i = end;
	}
	return lines;
}

/* What was taken back, at its place among what counts. */
export function withUndone(rows: readonly Touch[], undone: readonly Touch[]): Touch[] {
	if (undone.length === 0) return [...rows];
	const at = (t: Touch) => Date.parse(t.at);
	return [...rows, ...undone].sort((a, b) => at(a) - at(b) || a.seq - b.seq);
}

/* Several journeys as one, by the time at which each line begins; of one instant the earlier
 * journey of the list comes first. */
export function lay(journeys: readonly Line[][]): Line[] {
	const all = journeys.flat();
	const rank = new Map<Line, number>();
	all.forEach((l, i) => rank.set(l, i));
	return all.sort((a, b) => a.at - b.at || rank.get(a)! - rank.get(b)!);
}

/* A folded line with its touches on lines of their own behind it. */
export function unfold(lines: readonly Line[], open: ReadonlySet<string>): Line[] {
	const out: Line[] = [];
	for (const l of lines) {
		out.push(l);
		if (l.kind === 'run' && open.has(l.key)) for (const t of l.touches) out.push(single(t, l.who));
	}
	return out;
}

export type Zone = 'tofu' | 'mofu' | 'bofu';

const ZONES: Record<string, Zone> = {
	tofu: 'tofu',
	top: 'tofu',
	mofu: 'mofu',
	middle: 'mofu',
	bofu: 'bofu',
	bottom: 'bofu',
};

/* The zone that the server named, or the content's own. */
export function zoneOf(t: Touch): Zone | null {
	const named = t.zone ?? textOf(t.properties?.zone);
	return (named && ZONES[named.toLowerCase()]) || null;
}

/* The zones down the edge: a touch without one keeps that of the line before. */
export function zonesOf(lines: readonly Line[]): (Zone | null)[] {
	let last: Zone | null = null;
	return lines.map((l) => {
		const touches = l.kind === 'run' ? l.touches : [l.touch];
		for (const t of touches) if (!t.undone) last = zoneOf(t) ?? last;
		return last;
	});
}

/* What stands most often in a run, most often first: ["/pricing", 3], ... */
export function commonest(touches: readonly Touch[], keys: readonly string[]): [string, number][] {
	const counts = new Map<string, number>();
	for (const t of touches) {
		const key = keys.find((k) => textOf(t.properties?.[k]) !== null);
		if (!key) continue;
		const value = textOf(t.properties?.[key])!;
		counts.set(value, (counts.get(value) ?? 0) + 1);
	}
	return [...counts].sort((a, b) => b[1] - a[1]);
}
