/*
 * save.ts - files that a page makes itself: CSV, SVG, PNG.
 */
export function save(name: string, content: Blob) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(content);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/* One cell, RFC 4180; text that a spreadsheet would run as a formula gets an apostrophe. */
function cell(v: string | number | null | undefined): string {
	if (v === null || v === undefined)
		return '';
	if (typeof v === 'number')
		return String(v);
	const safe = /^[=+\-@\t\r]/.test(v) ? `'${v}` : v;
	return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
export function csv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
	return rows.map((r) => `${r.map(cell).join(',')}\r\n`).join('');
}
export function saveCsv(name: string, rows: Parameters<typeof csv>[0]) {
	save(`${name}.csv`, new Blob(['\ufeff', csv(rows)], { type: 'text/csv;charset=utf-8' }));
}
export function saveSvg(name: string, svg: string) {
	save(`${name}.svg`, new Blob([svg], { type: 'image/svg+xml' }));
}
/* At twice the size, on the background of the page: ready for a slide. */
export async function savePng(name: string, svg: string, width: number, height: number, background: string) {
	const picture = new Image();
	picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
	await picture.decode();
	const canvas = document.createElement('canvas');
	canvas.width = width * 2;
	canvas.height = height * 2;
	const on = canvas.getContext('2d');
	if (!on)
		throw new Error('no canvas');
	on.fillStyle = background;
	on.fillRect(0, 0, canvas.width, canvas.height);
	on.drawImage(picture, 0, 0, canvas.width, canvas.height);
	const png = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
	if (png)
		save(`${name}.png`, png);
}
