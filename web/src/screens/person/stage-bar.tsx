/*
 * stage-bar.tsx - how far along the line somebody is: a flat bar in the department's colour.
 */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { farOf, sideOf } from '../list/stage';

export function StageBar({ stage }: { stage: string | null | undefined }) {
	const bar = useRef<HTMLSpanElement>(null);
	useLayoutEffect(() => bar.current?.style.setProperty('--far', String(farOf(stage))), [stage]);
	return <span ref={bar} class={`stage-bar ${sideOf(stage)}`} aria-hidden="true" />;
}
