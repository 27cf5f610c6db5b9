/*
 * stats.ts - is a difference between two shares more than chance?
 *
 * The pooled z test for two proportions, two-sided; the normal's tail by Abramowitz and Stegun
 * 7.1.26 (off by 1.5e-7 at most). Null where one group is empty, or where the counts are too small
 * for it (an expected count below 5): then nothing is claimed.
 */
const expected_min = 5;

function tail(z: number): number {
	const x = Math.abs(z) / Math.SQRT2;
	const s = 1 / (1 + 0.3275911 * x);
	const poly = s * (0.254829592 + s * (-0.284496736 + s * (1.421413741 + s * (-1.453152027 + s * 1.061405429))));
	return poly * Math.exp(-x * x);
}
export function chance(a: number, a_of: number, b: number, b_of: number): number | null {
	if (a_of <= 0 || b_of <= 0)
		return null;
	const share = (a + b) / (a_of + b_of);
	const least = Math.min(a_of, b_of) * Math.min(share, 1 - share);
	if (least < expected_min)
		return null;
	return tail((a / a_of - b / b_of) / Math.sqrt(share * (1 - share) * (1 / a_of + 1 / b_of)));
}

/* What one may say of it: a difference that chance brings once in twenty tries or more often is
 * none to be sure of. */
export const sure_below = 0.05;
