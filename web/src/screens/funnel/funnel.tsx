/*
 * funnel.tsx - the home: the one funnel, from visitor to customer.
 */
import { useQuery } from '../../app/router';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { t, tOr } from '../../i18n/i18n';
import { number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { funnelQuery, type Funnel } from './api';

export default function FunnelScreen() {
	const [query] = useQuery();
	const funnel = useResource<Funnel>('/api/v1/funnel', funnelQuery(query), { live: true });
	if (funnel.error && !funnel.data)
		return <ErrorLine problem={funnel.error} action={<Button onClick={funnel.reload}>{t('app.retry')}</Button>} />;
	if (!funnel.data)
		return null;
	return (
		<table class="table">
			<tbody>
				{funnel.data.steps.map((s) => (
					<tr key={s.step}>
						<td>{tOr(`stage.${s.name}`, s.name)}</td>
						<td class="number">{number(s.count)}</td>
						<td class="number">{percent(s.from_previous)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
