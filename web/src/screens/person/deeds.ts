/*
 * deeds.ts - what one does by hand with a person.
 */
import { t } from '../../i18n/i18n';
import type { Ask, Deed } from '../list/actions';
import type { Rules } from '../list/rules';
import { stageName } from '../list/stage';
import { look } from './say';
import { wordOf } from './words';

export function words(list: readonly string[]): { value: string; text: string }[] {
	return list.map((value) => ({ value, text: wordOf(look, value) }));
}

export function ownerAsk(rules: Rules): Ask {
	return {
		name: 'owner',
		label: t('field.owner'),
		kind: 'select',
		initial: rules.owners[0] ? String(rules.owners[0].id) : '',
		options: rules.owners.map((o) => ({ value: String(o.id), text: o.name })),
	};
}

export function noteDeed(): Deed {
	return {
		id: 'note', label: t('deed.note'), key: 'n', help: 'deed.note', verb: t('c.save'),
		asks: [{ name: 'text', label: t('deed.note.text'), kind: 'long', required: true }],
		body: (v) => ({ action: 'note', text: v['text'] }),
		done: () => t('deed.note.done'),
	};
}

export function callDeed(rules: Rules): Deed {
	return {
		id: 'call', label: t('deed.call'), key: 'c', help: 'deed.call', verb: t('c.save'),
		asks: [
			{ name: 'outcome', label: t('field.outcome'), kind: 'select', required: true, options: words(rules.outcomes) },
			{ name: 'text', label: t('deed.call.text'), kind: 'long' },
		],
		body: (v) => ({ action: 'call', outcome: v['outcome'], text: v['text'] || undefined }),
		done: (v) => t('deed.call.done', { outcome: wordOf(look, v['outcome'] ?? '') }),
	};
}

export function ownerDeed(rules: Rules): Deed {
	return {
		id: 'owner', label: t('deed.owner'), key: 'o', help: 'deed.owner', verb: t('c.save'),
		asks: [ownerAsk(rules)],
		body: (v) => ({ action: 'owner', owner: v['owner'] ? Number(v['owner']) : null }),
		done: (v) => t('deed.owner.done', { who: rules.owners.find((o) => String(o.id) === v['owner'])?.name ?? t('list.nobody') }),
	};
}

interface Standing {
	stage: string | null;
}

function acceptDeed(p: Standing): Deed {
	return {
		id: 'accept', label: t('deed.accept'), key: 'a', help: 'deed.accept', main: p.stage === 'mql',
		body: () => ({ action: 'accept' }),
		done: () => t('deed.accept.done'),
	};
}

function stageDeed(p: Standing, rules: Rules): Deed {
	const next = rules.stages[rules.stages.indexOf(p.stage ?? '') + 1] ?? rules.stages[0] ?? '';
	return {
		id: 'stage', label: t('deed.stage'), key: 's', help: 'deed.stage', verb: t('deed.move'),
		asks: [
			{ name: 'stage', label: t('field.stage'), kind: 'select', required: true, initial: next, options: rules.stages.map((s) => ({ value: s, text: stageName(s) })) },
			{ name: 'reason', label: t('field.reason'), kind: 'text', required: true },
		],
		body: (v) => ({ action: 'stage', stage: v['stage'], reason: v['reason'] }),
		done: (v) => t('deed.stage.done', { stage: stageName(v['stage']) }),
	};
}

function disqualifyDeed(rules: Rules): Deed {
	return {
		id: 'disqualify', label: t('deed.disqualify'), key: 'd', help: 'deed.disqualify',
		asks: [
			{ name: 'reason', label: t('field.reason'), kind: 'select', required: true, options: words(rules.disqualify) },
			{ name: 'text', label: t('deed.more'), kind: 'text' },
		],
		body: (v) => ({ action: 'disqualify', reason: v['reason'], text: v['text'] || undefined }),
		done: (v) => t('deed.disqualify.done', { reason: wordOf(look, v['reason'] ?? '') }),
	};
}

function recycleDeed(): Deed {
	return {
		id: 'recycle', label: t('deed.recycle'), key: 'r', help: 'deed.recycle',
		asks: [
			{ name: 'until', label: t('deed.recycle.until'), kind: 'date', required: true, initial: inMonths(3) },
			{ name: 'reason', label: t('field.reason'), kind: 'text' },
		],
		body: (v) => ({ action: 'recycle', until: v['until'], reason: v['reason'] || undefined }),
		done: () => t('deed.recycle.done'),
	};
}

/* What may be done now: who is a customer is no longer accepted or turned away. */
export function personDeeds(p: Standing, rules: Rules): Deed[] {
	const at = rules.stages.indexOf(p.stage ?? '');
	const taken = at >= 0 && at >= rules.stages.indexOf('sal');
	const early = at < rules.stages.length - 1;
	return [
		...(taken ? [] : [acceptDeed(p)]), noteDeed(), callDeed(rules), stageDeed(p, rules), ownerDeed(rules),
		...(early ? [disqualifyDeed(rules), recycleDeed()] : []), mergeDeed(),
	];
}

/* What may be done with many at once. */
export function bulkDeeds(rules: Rules): Deed[] {
	return [ownerDeed(rules), stageDeed({ stage: null }, rules), disqualifyDeed(rules), recycleDeed(), noteDeed()];
}

export function mergeDeed(): Deed {
	return {
		id: 'merge', label: t('deed.merge'),
		asks: [
			{ name: 'with', label: t('deed.merge.with'), kind: 'text', required: true, help: t('deed.merge.help') },
			{ name: 'reason', label: t('field.reason'), kind: 'text', required: true },
		],
		body: (v) => ({ action: 'merge', with: (v['with'] ?? '').trim(), reason: v['reason'] }),
		done: () => t('deed.merge.done'),
	};
}

export function inMonths(n: number): string {
	const d = new Date();
	d.setMonth(d.getMonth() + n);
	return d.toISOString().slice(0, 10);
}
