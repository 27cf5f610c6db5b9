/*
 * behind.tsx - the people behind a number of the home: which one stands in the address.
 */
import { useQuery } from '../../app/router';
import { Behind } from '../../components/behind';
import { funnelQuery, type Rules } from './api';

export function BehindNumber({ count }: { count: Rules['count'] }) {
	const [q, set] = useQuery();
	const query = {
		...funnelQuery(q),
		step: q.get('step'), outcome: q.get('show'), reason: q.get('reason'), group: q.get('group'), no_group: q.get('no_group'),
	};
	return <Behind count={count} query={query} onClose={() => set({ step: null, show: null, reason: null, group: null, no_group: null })} />;
}
