/*
 * Qr: a text as a picture for a telephone's camera. Black on white in every colour scheme, since
 * some cameras read nothing else. The library is loaded only here.
 */
import { useEffect, useState } from 'preact/hooks';

export function Qr({ text, label }: { text: string; label: string }) {
	const [path, setPath] = useState<{ d: string; size: number } | null>(null);
	useEffect(() => {
		let gone = false;
		void import('qrcode-generator').then(({ default: qrcode }) => {
			const qr = qrcode(0, 'M');
			qr.addData(text);
			qr.make();
			const size = qr.getModuleCount();
			let d = '';
			for (let y = 0; y < size; y++)
				for (let x = 0; x < size; x++)
					if (qr.isDark(y, x))
						d += `M${x} ${y}h1v1h-1z`;
			if (!gone)
				setPath({ d, size });
		});
		return () => {
			gone = true;
		};
	}, [text]);
	return (
		<svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${path?.size ?? 1} ${path?.size ?? 1}`} shapeRendering="crispEdges">
			{path && <path d={path.d} />}
		</svg>
	);
}
