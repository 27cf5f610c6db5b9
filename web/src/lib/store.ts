/*
 * store.ts - one value that several components show.
 *
 * A store is made once, at module level, by whoever owns the value (session, live, address, toasts).
 * useStore re-renders a component when the value changes; everything else is a plain function.
 */
import { useEffect, useState } from 'preact/hooks';

export interface Store<T> {
	get(): T;
	set(next: T): void;
	/* Calls `changed` after every change; returns what ends that. */
	subscribe(changed: () => void): () => void;
}

export function createStore<T>(first: T): Store<T> {
	let value = first;
	const listeners = new Set<() => void>();
	return {
		get: () => value,
		set(next) {
			if (Object.is(next, value))
				return;
			value = next;
			for (const f of [...listeners])
				f();
		},
		subscribe(changed) {
			listeners.add(changed);
			return () => void listeners.delete(changed);
		},
	};
}

export function useStore<T>(store: Store<T>): T {
	const [, again] = useState(0);
	useEffect(() => {
		let seen = store.get();
		const look = () => {
			if (Object.is(seen, store.get()))
				return;
			seen = store.get();
			again((n) => n + 1);
		};
		const end = store.subscribe(look);
		again((n) => n + 1); // it may have changed between rendering and here
		return end;
	}, [store]);
	return store.get();
}
