/*
 * behind.tsx - the people behind a number of the home: which one stands in the address.
 */
import { useQuery } from '../../app/router';
import { Behind } from '../../components/behind';
import type { Query } from '../../lib/api';
import type { Rules } from './api';

/* `asked`: the question whose number it is. */
export function BehindNumber({ count, asked }: { count: Rules['count']; asked: Query }) {
	const [q, set] = useQuery();
	const query = {
		...asked,
		step: q.get('step'), outcome: q.get('show'), reason: q.get('reason'), group: q.get('group'), no_group: q.get('no_group'),
	};
	return <Behind count={count} query={query} onClose={() => set({ step: null, show: null, reason: null, group: null, no_group: null })} />;
}
