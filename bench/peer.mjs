// peer.mjs NAME TASK.json - one peer in a process of its own: loads, answers, and says what it cost.
//
// Prints one JSON object. Processor time and peak memory are the process's, all threads.
import { readFileSync } from 'node:fs';

const [name, file] = process.argv.slice(2);
const task = JSON.parse(readFileSync(file, 'utf8'));
const peer = await (await import(`./peer_${name}.mjs`)).open(task);

async function measure(run) {
	const cpu = process.cpuUsage();
	const start = process.hrtime.bigint();
	const result = await run();
	const wallMs = Number(process.hrtime.bigint() - start) / 1e6;
	const { user, system } = process.cpuUsage(cpu);
	return { result, wallMs, cpuMs: (user + system) / 1000 };
}

// From subjects by level to subjects that came at least so far.
function atLeast(found, steps) {
	const counts = Array(steps).fill(0);
	for (const { level, count } of found)
		for (let k = 0; k < level; k++)
			counts[k] += count;
	return counts;
}

function answer(question, found) {
	if (question !== 'by_first_touch')
		return atLeast(found, task.steps.length);
	const sources = {};
	for (const { source } of found)
		sources[String(source).padStart(2, '0')] ??= atLeast(found.filter((f) => f.source === source), task.steps.length);
	return sources;
}

const out = { name, version: peer.version, questions: {} };
const loading = await measure(() => peer.load());
out.loadMs = loading.wallMs;
out.loadCpuMs = loading.cpuMs;
out.bytes = await peer.bytes();
if (task.leave && peer.leave)
	peer.leave(task.leave);
for (const question of task.questions) {
	const ways = [];
	for (const way of peer.ways(question)) {
		const runs = [];
		for (let i = 0; i < task.repeats; i++)
			runs.push(await measure(() => way.run()));
		ways.push({
			how: way.how,
			wallMs: Math.min(...runs.map((r) => r.wallMs)),
			cpuMs: Math.min(...runs.map((r) => r.cpuMs)),
			answer: answer(question, runs[0].result),
		});
	}
	out.questions[question] = ways;
}
peer.close();
out.peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify(out));
