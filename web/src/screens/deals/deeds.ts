/*
 * deeds.ts - what one does by hand with a deal.
 */
import { t } from '../../i18n/i18n';
import { money } from '../../lib/format';
import type { Deed } from '../list/actions';
import type { Rules } from '../list/rules';
import type { DealRow } from '../person/api';
import { callDeed, noteDeed, ownerDeed, words } from '../person/deeds';
import { look } from '../person/say';
import { wordOf } from '../person/words';
import { minorOf, plainOf } from './amount';

export function moveDeed(stage: string): Deed {
	return {
		id: `to ${stage}`, label: wordOf(look, stage),
		body: () => ({ action: 'stage', stage }),
		done: () => t('deed.deal.moved', { stage: wordOf(look, stage) }),
	};
}

function amountDeed(d: DealRow, currency: string): Deed {
	const in_currency = d.amount?.currency ?? currency;
	const amount = (v: Record<string, string>) => ({ amount_minor: minorOf(v['amount'] ?? '', in_currency), currency: in_currency });
	return {
		id: 'amount', label: t('deed.amount'), key: 'm', help: 'deed.amount', verb: t('c.save'),
		asks: [{ name: 'amount', label: t('deed.amount.in', { currency: in_currency }), kind: 'number', required: true, initial: d.amount ? plainOf(d.amount) : '' }],
		body: (v) => ({ action: 'amount', amount: amount(v) }),
		done: (v) => t('deed.amount.done', { amount: money(amount(v)) }),
	};
}

function closeDeed(d: DealRow): Deed {
	return {
		id: 'close_date', label: t('deed.close'), key: 'd', help: 'deed.close', verb: t('c.save'),
		asks: [{ name: 'close_date', label: t('field.close_date'), kind: 'date', required: true, initial: d.close_date?.slice(0, 10) ?? '' }],
		body: (v) => ({ action: 'close_date', close_date: v['close_date'] }),
		done: () => t('deed.close.done'),
	};
}

function nextDeed(d: DealRow): Deed {
	return {
		id: 'next_step', label: t('deed.next'), key: 's', help: 'deed.next', verb: t('c.save'),
		asks: [
			{ name: 'next_step', label: t('field.next_step'), kind: 'text', required: true, initial: d.next_step ?? '' },
			{ name: 'next_step_at', label: t('deed.next.at'), kind: 'date', initial: d.next_step_at?.slice(0, 10) ?? '' },
		],
		body: (v) => ({ action: 'next_step', next_step: v['next_step'], next_step_at: v['next_step_at'] || undefined }),
		done: () => t('deed.next.done'),
	};
}

function wonDeed(): Deed {
	return {
		id: 'won', label: t('deed.won'), key: 'w', help: 'deed.won', main: true,
		asks: [{ name: 'text', label: t('deed.won.text'), kind: 'text' }],
		body: (v) => ({ action: 'won', text: v['text'] || undefined }),
		done: () => t('deed.won.done'),
	};
}

function lostDeed(rules: Rules): Deed {
	return {
		id: 'lost', label: t('deed.lost'), key: 'l', help: 'deed.lost',
		asks: [
			{ name: 'reason', label: t('field.reason'), kind: 'select', required: true, options: words(rules.loss) },
			{ name: 'competitor', label: t('deed.lost.competitor'), kind: 'text' },
			{ name: 'text', label: t('deed.more'), kind: 'text' },
		],
		body: (v) => ({ action: 'lost', reason: v['reason'], competitor: v['competitor'] || undefined, text: v['text'] || undefined }),
		done: (v) => t('deed.lost.done', { reason: wordOf(look, v['reason'] ?? '') }),
	};
}

export function dealDeeds(d: DealRow, rules: Rules, currency: string): Deed[] {
	const open = d.status !== 'won' && d.status !== 'lost';
	return [
		...(open ? [wonDeed(), lostDeed(rules)] : []),
		noteDeed(), callDeed(rules), amountDeed(d, currency), closeDeed(d), nextDeed(d), ownerDeed(rules),
	];
}
