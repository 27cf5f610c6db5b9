/*
 * later.tsx - what stands under a funnel: its script, and ECharts, come once the numbers are there
 * and somebody gets near.
 */
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TrendProps } from './trend';

/* `load` is asked once; the component that it gives is shown with the props. */
export function Near<P extends object>({ load, props, room }: { load: () => Promise<{ default: ComponentType<P> }>; props: P; room?: boolean }) {
	const self = useRef<HTMLDivElement>(null);
	const [Part, setPart] = useState<ComponentType<P> | null>(null);
	useEffect(() => {
		const near = new IntersectionObserver((es) => {
			if (!es.some((e) => e.isIntersecting))
				return;
			near.disconnect();
			void load().then((m) => setPart(() => m.default));
		}, { rootMargin: '200px' });
		if (self.current)
			near.observe(self.current);
		return () => near.disconnect();
	}, []);
	return <div ref={self} class={room ? 'later' : undefined}>{Part && <Part {...props} />}</div>;
}

export function Later(p: TrendProps) {
	return <Near room load={() => import('./trend')} props={p} />;
}
