/*
 * rules.ts - what is agreed in this company: stages, reasons, outcomes, who may own something.
 */
import { useCallback, useMemo } from 'preact/hooks';
import { useResource } from '../../lib/resource';
import type { Owner } from '../person/api';
import { stages } from './stage';

export interface Rules {
	stages: string[];
	deal_stages: string[];
	disqualify: string[];
	loss: string[];
	outcomes: string[];
	owners: Owner[];
}

/* What holds where nobody has agreed on anything else (src/sales/rules.c). */
const DEFAULTS = {
	deal_stages: ['prospecting', 'evaluation', 'commitment'],
	disqualify: ['no fit', 'no need', 'no budget', 'no authority', 'timing', 'too small', 'not reachable', 'competitor', 'student or applicant', 'other'],
	loss: ['chose a competitor', 'wants more time', 'content with what they have', 'price', 'no budget', 'no decision', 'not reachable', 'no fit', 'other'],
	outcomes: ['reached', 'no answer', 'left a message', 'call back', 'wrong number', 'declined'],
};

interface Agreed extends Partial<Omit<Rules, 'owners'>> {
	owners?: Owner[];
	rows?: Owner[];
}

export function useRules(): Rules {
	const owners = useResource<Agreed>('/api/v1/owners').data;
	return useMemo(() => ({ stages: stages(), ...DEFAULTS, owners: owners?.rows ?? owners?.owners ?? [] }), [owners]);
}

/* "user:3" → "Anna Admin"; whatever is no user's number is a name already. */
export function useNames(): (by: string | number) => string {
	const { owners } = useRules();
	return useCallback(
		(by) => {
			const id = /^(?:user:)?(\d+)$/.exec(String(by))?.[1];
			return owners.find((o) => o.id === Number(id))?.name ?? String(by);
		},
		[owners],
	);
}
