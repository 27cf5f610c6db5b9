/*
 * bulk.ts - one action on all that are chosen in a list of people.
 */
import { post } from '../../lib/api';
import type { Action } from '../person/api';
import type { Chosen } from './rows';

export interface Changed {
	done: number;
	left_out: number;
	undo: number | null;
}

/* All that match but some: the rule that finds exactly them. */
export function ruleOf(where: string, chosen: Chosen): string {
	const but = [...chosen.ids].map((id) => `number = ${id}`).join(' or ');
	if (!but) return where;
	return where ? `(${where}) and not (${but})` : `not (${but})`;
}

/* `n`: how many one saw; the server does nothing when the rule has come to find another number. */
export function sendBulk(path: string, a: Action, chosen: Chosen, where: string, n: number): Promise<Changed> {
	const whom = chosen.all ? { where: ruleOf(where, chosen), count: n } : { ids: [...chosen.ids] };
	return post<Changed>(`/api/v1${path}/actions`, { ...a, ...whom });
}
