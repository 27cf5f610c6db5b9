/*
 * media.ts - whether a media query holds now: for what CSS alone cannot do.
 */
import { useEffect, useState } from 'preact/hooks';

export const phone = '(max-width: 640px)';

export function useMedia(query: string): boolean {
	const [holds, setHolds] = useState(() => matchMedia(query).matches);
	useEffect(() => {
		const m = matchMedia(query);
		const look = () => setHolds(m.matches);
		look();
		m.addEventListener('change', look);
		return () => m.removeEventListener('change', look);
	}, [query]);
	return holds;
}
