/*
 * builder.tsx - a funnel of one's own: its steps and rules on the left, what comes of them on the
 * right, while one edits.
 *
 * /funnels/new and /funnels/NAME. The address holds the whole question (question.ts).
 */
import { useState } from 'preact/hooks';
import type { ScreenProps } from '../../app/routes';
import { Button } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { t } from '../../i18n/i18n';
import { useResource } from '../../lib/resource';
import { stepTexts } from '../../lib/steps';
import { funnelQuery, type Rules } from '../funnel/api';
import { Answer } from './answer';
import { useNames, useTouchFields } from './names';
import { useQuestion } from './question';
import { RulesPanel } from './rules-panel';
import { savedPath, type Saved } from './saved';
import { SavedBar } from './saved-bar';
import { Starts } from './starts';
import { StepsEditor } from './steps-editor';

interface BuilderProps {
	saved: Saved | null;
	onSaved: (f: Saved) => void;
	onStale: () => void;
}
function Builder({ saved, onSaved, onStale }: BuilderProps) {
	const question = useQuestion(saved);
	const names = useNames();
	const fields = useTouchFields(names);
	const [wrong, setWrong] = useState<{ field: string; text: string } | null>(null);
	const steps = question.q.get('steps') ?? '';
	const ready = steps !== '';
	const asked = funnelQuery(question.q);
	return (
		<div class="builder">
			<SavedBar saved={saved} question={question} asked={asked} ready={ready} onSaved={onSaved} onStale={onStale} />
			<div class="builder-columns">
				<div class="builder-edit">
					<StepsEditor text={steps} anchored={question.q.get('order') === 'anchored'} names={names} fields={fields} onText={(text) => question.set({ steps: text, step: null, show: null, line: null }, { replace: true })} />
					<RulesPanel question={question} names={names} fields={fields} steps_n={stepTexts(steps).length} wrong={wrong} />
				</div>
				<div class="builder-answer">
					{ready ? <Answer question={question} fields={fields} count={(question.q.get('count') ?? 'people') as Rules['count']} onWrong={setWrong} /> : <Starts names={names} />}
				</div>
			</div>
		</div>
	);
}

export default function BuilderScreen({ params }: ScreenProps) {
	const name = params['name'];
	const saved = useResource<Saved>(name ? savedPath(name) : null);
	if (!name)
		return <Builder key="new" saved={null} onSaved={saved.put} onStale={saved.reload} />;
	if (saved.error?.status === 404)
		return <Empty text={saved.error.message} action={<a href="/funnels">{t('nav.funnels')}</a>} />;
	if (!saved.data || saved.data.name !== name)
		return <ErrorLine problem={saved.error} action={<Button onClick={saved.reload}>{t('app.retry')}</Button>} />;
	return <Builder key={name} saved={saved.data} onSaved={saved.put} onStale={saved.reload} />;
}
