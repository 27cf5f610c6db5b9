/*
 * virtual.ts - which rows of a long list are in sight.
 *
 * useWindow(element, count, height_px) gives the rows to render and how much empty space stands
 * for those before and after. The page (or the nearest part that scrolls) scrolls; nothing else
 * moves. Short lists are rendered whole: find-in-page and screen readers see everything.
 */
import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

export interface Window {
	from: number;
	to: number;
	before_px: number;
	after_px: number;
}
const whole_max = 150;
const margin_rows = 20;

function scroller_of(el: HTMLElement): HTMLElement | null {
	for (let p = el.parentElement; p; p = p.parentElement)
		if (/(auto|scroll)/.test(getComputedStyle(p).overflowY))
			return p;
	return null;
}

export function useWindow(at: RefObject<HTMLElement | null>, count: number, height_px: number): Window {
	const [range, setRange] = useState({ from: 0, to: whole_max });
	useEffect(() => {
		const el = at.current;
		if (!el || count <= whole_max)
			return undefined;
		const inside = scroller_of(el);
		const target: HTMLElement | globalThis.Window = inside ?? window;
		const look = () => {
			const top = inside ? inside.getBoundingClientRect().top : 0;
			const height = inside ? inside.clientHeight : window.innerHeight;
			const first = Math.floor((top - el.getBoundingClientRect().top) / height_px);
			const from = Math.max(0, Math.min(first - margin_rows, count - 1));
			const to = Math.min(count, Math.max(0, first) + Math.ceil(height / height_px) + margin_rows);
			setRange((r) => (r.from === from && r.to === to ? r : { from, to }));
		};
		look();
		target.addEventListener('scroll', look, { passive: true });
		window.addEventListener('resize', look);
		return () => {
			target.removeEventListener('scroll', look);
			window.removeEventListener('resize', look);
		};
	}, [count, height_px]);
	if (count <= whole_max)
		return { from: 0, to: count, before_px: 0, after_px: 0 };
	const to = Math.min(range.to, count);
	const from = Math.min(range.from, to);
	return { from, to, before_px: from * height_px, after_px: (count - to) * height_px };
}
