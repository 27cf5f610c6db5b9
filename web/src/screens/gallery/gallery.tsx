/*
 * gallery.tsx - every component once, for those who build screens and for the tests.
 */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { Chart, type ChartColors } from '../../components/chart/chart';
import { Dialog } from '../../components/dialog';
import { Drawer } from '../../components/drawer';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { Checkbox, Field, Select } from '../../components/field';
import { Menu } from '../../components/menu';
import { Chip, CopyField, Count, Money, Progress, RelativeTime, Tabs } from '../../components/small';
import { Table } from '../../components/table';
import { toast } from '../../components/toast';

const stages = ['visitor', 'lead', 'mql', 'sal'];
const rows = Array.from({ length: 5 }, (_, i) => ({ id: i, name: `Ada Lovelace ${i}`, stage: stages[i % 4] ?? '', touches: 12 * i }));

function Controls() {
	const [text, setText] = useState('');
	const [choice, setChoice] = useState('a');
	const [on, setOn] = useState(true);
	return (
		<section class="stack">
			<h2>Controls</h2>
			<div class="line">
				<Button kind="main">Main</Button>
				<Button>Plain</Button>
				<Button kind="quiet">Quiet</Button>
				<Button kind="danger">Danger</Button>
				<Button busy>Busy</Button>
				<Menu kind="plain" label="Menu" items={[{ text: 'One', run: () => toast('One') }, { text: 'Two', checked: true }, { text: 'Three', checked: false }]} />
			</div>
			<div class="controls">
				<Field label="Field" value={text} onValue={setText} help="A line of help" />
				<Field label="With an error" value={text} onValue={setText} error="Say who" required />
				<Select label="Select" value={choice} onValue={setChoice} options={[{ value: 'a', text: 'This' }, { value: 'b', text: 'That' }]} />
			</div>
			<Checkbox label="Checkbox" checked={on} onValue={setOn} help="What it means" />
			<div class="line">
				<Chip text="Chip" onRemove={() => toast('Removed')} />
				<Chip text="Pressed" pressed={on} onPress={() => setOn(!on)} />
			</div>
			<CopyField label="CopyField" value="curl https://example.com/v1/track" code />
		</section>
	);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'];
const leads = [120, 180, 160, 240, 260, 310];
const option = (c: ChartColors) => ({
	grid: { left: 0, right: 0, top: 16, bottom: 0, containLabel: true },
	xAxis: { type: 'category', data: months },
	yAxis: { type: 'value', splitLine: { lineStyle: { color: c.line } } },
	series: [{ type: 'line', data: leads, color: c.marketing }],
});

export default function Gallery() {
	const [open, setOpen] = useState<'dialog' | 'drawer' | null>(null);
	return (
		<div class="stack-wide">
			<h1>Components</h1>
			<Tabs label="Parts" at="a" items={[{ key: 'a', text: 'One', href: '/gallery' }, { key: 'b', text: 'Other', href: '/gallery?other=1' }]} />
			<Controls />
			<section class="stack">
				<h2>Values</h2>
				<p>
					<RelativeTime at={Date.now() - 3 * 86_400_000} /> · <Money amount={{ amount_minor: 123456700, currency: 'EUR' }} short /> · <Count n={842} href="/gallery" what="people" strong />
				</p>
				<Progress label="Reading, 4,000 of 10,000 rows" done={4} total={10} />
			</section>
			<section class="stack">
				<h2>Table</h2>
				<Table label="People" rows={rows} id={(r) => r.id} href={() => '/gallery'} sort="-touches" onSort={() => {}} columns={[
					{ key: 'name', title: 'Name', cell: (r) => r.name, sort: 'name', phone: 1 },
					{ key: 'stage', title: 'Stage', cell: (r) => r.stage, phone: 2 },
					{ key: 'touches', title: 'Touches', cell: (r) => r.touches, number: true, sort: 'touches', phone: 1 },
				]} />
			</section>
			<section class="stack">
				<h2>Chart</h2>
				<Chart label="Leads by month" name="leads" height={200} option={option} table={{ head: ['Month', 'Leads'], rows: months.map((m, i) => [m, leads[i] ?? 0]) }} axisTip={(i) => `${months[i]}: ${leads[i]}`} />
			</section>
			<section class="stack">
				<h2>What opens</h2>
				<div class="line">
					<Button onClick={() => setOpen('dialog')}>Dialog</Button>
					<Button onClick={() => setOpen('drawer')}>Drawer</Button>
					<Button onClick={() => toast('Moved to SAL', { undo: () => {} })}>Toast</Button>
				</div>
				<ErrorLine text="The file is larger than 10 MB." action={<Button>Choose another</Button>} />
				<Empty text="Here will be the people who filled in a form." action={<Button kind="main">Connect your site</Button>} />
			</section>
			{open === 'dialog' && <Dialog title="Disqualify" onClose={() => setOpen(null)} actions={<Button kind="main" submit>Disqualify</Button>}><p>Why?</p></Dialog>}
			{open === 'drawer' && <Drawer title="312 people" onClose={() => setOpen(null)}><p class="grey">Disqualified at MQL.</p></Drawer>}
		</div>
	);
}
