/*
 * Spark: a line of a few numbers, as small as a word; what it says stands in `label`. Numbers that
 * are unknown leave a gap; the end that is not over yet is dashed.
 */
const width = 96;
const height = 24;
const pad = 2;

function path(values: readonly (number | null)[], most: number, from: number, to: number): string {
	const x = (i: number) => pad + (i / Math.max(1, values.length - 1)) * (width - 2 * pad);
	const y = (v: number) => height - pad - (v / most) * (height - 2 * pad);
	let out = '';
	let pen = 'M';
	for (let i = from; i < to; i++) {
		const v = values[i];
		if (v === null || v === undefined) {
			pen = 'M';
			continue;
		}
		out += `${pen}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
		pen = 'L';
	}
	return out;
}

export function Spark({ label, values, open }: { label: string; values: readonly (number | null)[]; open?: number }) {
	const most = Math.max(...values.map((v) => v ?? 0), 0) || 1;
	const done = Math.max(0, values.length - (open ?? 0));
	return (
		<svg class="spark" role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
			<path d={path(values, most, 0, done)} />
			{done < values.length && <path class="spark-open" d={path(values, most, Math.max(0, done - 1), values.length)} />}
		</svg>
	);
}
