/*
 * import.tsx - files in: choose one, see what it would be read as, rehearse, import, take back.
 *
 * The address holds the file that was uploaded (?file=TOKEN), so that a reload loses no upload.
 */
import { useQuery } from '../../app/router';
import { t } from '../../i18n/i18n';
import { Choose } from './choose';
import { Imports } from './imports';
import { Mapping } from './mapping';

export default function ImportScreen() {
	const [query, setQuery] = useQuery();
	const file = query.get('file');
	return (
		<div class="stack-wide">
			<h1>{t('import.title')}</h1>
			{file
				? <Mapping key={file} file={file} onLeave={() => setQuery({ file: null })} />
				: <Choose onReady={(token) => setQuery({ file: token })} />}
			<Imports />
		</div>
	);
}
