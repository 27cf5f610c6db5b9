/*
 * bar.tsx - one flat bar: as long as its number, broken when that is too long, hollow at its end
 * for those too young to have finished, with a tick where the period before was.
 */
import type { Step } from './api';
import type { Scale } from './scale';

const share = (x: number) => `${(x * 100).toFixed(2)}%`;

export function Bar({ step, scale }: { step: Pick<Step, 'count' | 'side' | 'young' | 'previous'>; scale: Scale }) {
	const width = scale.width(step.count);
	const broken = scale.broken(step.count);
	const young = step.count > 0 && !broken ? Math.min(1, (step.young ?? 0) / step.count) : 0;
	return (
		<div class="bar-room" aria-hidden="true">
			{step.count > 0 && (
				<div class="bar" data-side={step.side ?? 'marketing'} data-broken={broken} style={{ width: share(width) }}>
					{young > 0 && <div class="bar-young" style={{ width: share(young) }} />}
				</div>
			)}
			{typeof step.previous === 'number' && !scale.broken(step.previous) && (
				<div class="bar-before" style={{ left: share(scale.width(step.previous)) }} />
			)}
		</div>
	);
}
