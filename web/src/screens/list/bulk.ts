/*
 * bulk.ts - one action on all that are chosen in a list.
 */
import { post } from '../../lib/api';
import type { Action } from '../person/api';
import type { Chosen } from './rows';

export interface Changed {
	undo?: number | null;
	changed?: number;
	refused?: number;
}

/* `path`: "/people". `n`: how many one saw; the server refuses when it has become more. */
export function sendBulk(path: string, a: Action, chosen: Chosen, where: string, n: number): Promise<Changed> {
	const ids = [...chosen.ids];
	const whom = chosen.all ? { where, except: ids, expect: n } : { ids };
	return post<Changed>(`/api/v1${path}/actions`, { ...a, ...whom });
}
