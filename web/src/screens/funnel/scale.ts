/*
 * scale.ts - how long the bars are.
 *
 * All bars of a picture stand on one scale. When those before the lead would dwarf the rest, their
 * bar is broken: it goes to the end, and the lead has most of the room.
 */
export interface Scale {
	/* Share of the room, 0 to 1. */
	width(n: number): number;
	broken(n: number): boolean;
}

const dwarfs = 1.6;
const base_share = 0.86;

export function scaleOf(counts: readonly number[], base: number): Scale {
	const most = Math.max(1, ...counts);
	const breaks = base > 0 && most > base * dwarfs;
	const full = breaks ? base / base_share : most;
	return {
		width: (n) => Math.min(1, n / full),
		broken: (n) => n > full,
	};
}

/* What has most of the room where no stage of the line says so: the first step, unless it is so
 * large that nothing could be seen of the others. */
const hides = 8;
export function baseCount(counts: readonly number[]): number {
	const first = counts[0] ?? 0;
	const rest = Math.max(0, ...counts.slice(1));
	return rest > 0 && first > rest * hides ? rest : first;
}
