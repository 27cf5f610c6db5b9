/*
 * reorder.ts - putting the rows of a short list in another order: by dragging, or by arrows.
 *
 *   const order = useReorder(list, rows.length, (from, to) => …);
 *   <li data-moving={order.moving === i}> <button {...order.handle(i)}>2</button> …
 *
 * The list is that of the rows' elements; while one drags, rows change places as soon as the
 * pointer passes another's middle.
 */
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';

export interface Reorder {
	moving: number | null;
	handle: (i: number) => {
		onPointerDown: (e: PointerEvent) => void;
		onPointerMove: (e: PointerEvent) => void;
		onPointerUp: (e: PointerEvent) => void;
		onPointerCancel: (e: PointerEvent) => void;
		onKeyDown: (e: KeyboardEvent) => void;
	};
}

export function useReorder(list: RefObject<HTMLElement | null>, n: number, move: (from: number, to: number) => void): Reorder {
	const [moving, setMoving] = useState<number | null>(null);
	const at = useRef<number | null>(null);
	const place = (to: number | null) => {
		at.current = to;
		setMoving(to);
	};
	const over = (y: number): number => {
		const rows = [...(list.current?.children ?? [])].slice(0, n);
		const passed = rows.filter((r, i) => {
			const box = r.getBoundingClientRect();
			return i !== at.current && y > box.top + box.height / 2;
		});
		return passed.length;
	};
	const end = () => place(null);
	return {
		moving,
		handle: (i) => ({
			onPointerDown: (e) => {
				if (e.button !== 0)
					return;
				(e.currentTarget as Element).setPointerCapture(e.pointerId);
				place(i);
			},
			onPointerMove: (e) => {
				if (at.current === null)
					return;
				const to = over(e.clientY);
				if (to !== at.current) {
					move(at.current, to);
					place(to);
				}
			},
			onPointerUp: end,
			onPointerCancel: end,
			onKeyDown: (e) => {
				const to = e.key === 'ArrowUp' ? i - 1 : e.key === 'ArrowDown' ? i + 1 : -1;
				if (to < 0 || to >= n)
					return;
				e.preventDefault();
				e.stopPropagation();
				move(i, to);
			},
		}),
	};
}
