/*
 * test_fast.c - the fast path against the engines, touch by touch.
 *
 * What it is:   random worlds and questions; whatever instruction set, number of threads and cut
 *               into segments, the counts, groups and chains are those of the engines.
 *               FAST_CASES says how many questions; the default takes two seconds.
 */
#include "fast_world.h"

/* ---- asking ---------------------------------------------------------------------------------- */

struct told {
	struct verdict *items; /* by subject */
	const struct world *w;
};

static bool tell(void *arg, unsigned worker, const struct fast_subject *s, err *e)
{
	struct told *t = arg;
	struct verdict *o = &t->items[s->subject];
	(void)worker;
	(void)e;
	assert_true(o->level == 0); /* once each */
	o->level = s->level;
	o->group = s->group;
	for (size_t k = 0; k < s->level; k++) {
		if (s->row[k] == UINT64_MAX)
			continue;
		o->at_us[k] = s->at_us[k];
		o->seq[k] = t->w->seq_of[s->segment[k]][s->row[k]];
	}
	return true;
}

/* The number behind the last underscore. */
static uint32_t number_of(str text)
{
	uint32_t number = 0, unit = 1;
	while (text.n > 0 && text.p[text.n - 1] != '_') {
		number += unit * (uint32_t)(text.p[--text.n] - '0');
		unit *= 10;
	}
	return number;
}

struct words {
	struct fast_name names[NAMES_MAX];
	uint32_t by_value[VALUES_MAX + 1];
	uint32_t group_of[16];
};

/* The words of the question as codes of one segment. */
static void translate(const struct world *w, const struct asked *q, size_t k, struct words *t,
		      struct fast_segment *r)
{
	const struct segment *s = w->segments[k];
	const struct segment_property *stage = segment_property(s, S("stage"));
	memset(t, 0, sizeof *t);
	*r = (struct fast_segment){ .segment = w->segments[k], .names = t->names };
	if (q->has_hidden)
		r->hidden = w->hidden[k];
	if (stage && stage->codes) {
		r->value = stage->codes;
		r->values_n = stage->values_n;
		for (size_t c = 1; c <= stage->values_n; c++) {
			uint32_t number = number_of(segment_property_value(s, stage, c).text);
			t->by_value[c] = q->steps_of_stage[number];
		}
	} else {
		assert_false(segment_has_property(s, S("stage")));
	}
	for (size_t c = 0; c < segment_names(s); c++) {
		uint32_t number = number_of(segment_name_text(s, c));
		t->names[c].steps = q->steps_of_name[number];
		if (q->by_value[number] && r->value)
			t->names[c].by_value = t->by_value;
	}
	r->group = segment_origin(s);
	r->group_of = t->group_of;
	r->group_codes_n = segment_origins(s);
	for (size_t c = 0; c < r->group_codes_n; c++) {
		str text = segment_origin_of(s, c)->source;
		t->group_of[c] = text.n > 0 ? number_of(text) - 1 : GROUPS;
	}
}

static void ask(const struct world *w, const struct asked *q, unsigned threads, bool each,
		uint64_t batch, struct verdicts *r)
{
	struct words *words = calloc(SEGMENTS_MAX, sizeof *words);
	struct fast_segment segments[SEGMENTS_MAX];
	struct told told = { .items = calloc(w->subjects + 1, sizeof *told.items), .w = w };
	err e;
	for (size_t k = 0; k < w->segments_n; k++)
		translate(w, q, k, &words[k], &segments[k]);
	struct fast_question question = {
		.segments = segments,
		.segments_n = w->segments_n,
		.rules = &q->rules,
		.until_given = q->until_given,
		.until_us = q->until_us,
		.lifecycle = q->lifecycle,
		.in_order = q->in_order,
		.out_of_order = q->out_of_order,
		.grouping = q->grouping,
		.of_step = q->of_step,
		.groups_n = GROUPS + 1,
		.group_none = GROUPS,
		.subject_group = w->subject_group,
		.subject_groups_n = w->subjects + 1,
		.threads = threads,
		.batch_touches = batch,
		.each = each ? tell : NULL,
		.arg = &told,
	};
	if (q->has_only)
		question.only = (struct fast_set){ q->only, 1024 };
	if (q->has_skip)
		question.skip = (struct fast_set){ q->skip, 1024 };
	*r = (struct verdicts){ .items = told.items, .n = w->subjects + 1 };
	r->answer.group_count = r->groups;
	assert_ok(fast_run(&question, &r->answer, &e), e);
	free(words);
}

/* What was asked, when the answer is wrong. */
static void say(const struct world *w, const struct asked *q, unsigned threads, bool each)
{
	fprintf(stderr,
		"isa %d threads %u each %d: %zu touches, %zu segments; lifecycle %d in_order %d steps "
		"%zu window %jd period [%jd, %jd) clip %d until %d %jd grouping %d of %zu only %d "
		"skip %d hidden %d\n",
		(int)fast_isa_used(), threads, each, w->n, w->segments_n, q->lifecycle, q->in_order,
		q->rules.steps_n, (intmax_t)q->rules.window_us, (intmax_t)q->rules.from_us,
		(intmax_t)q->rules.to_us, q->rules.clip, q->until_given, (intmax_t)q->until_us,
		(int)q->grouping, q->of_step, q->has_only, q->has_skip, q->has_hidden);
	for (size_t i = 0; i < w->n && w->n < 100; i++) {
		const struct item *m = &w->items[i];
		fprintf(stderr, "  subject %ju at %jd seq %ju segment %u origin %u mask %x%s\n",
			(uintmax_t)m->subject, (intmax_t)m->at_us, (uintmax_t)m->seq, m->segment,
			m->origin, mask_of(q, m), m->hidden ? " hidden" : "");
	}
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool is_left(const struct fast_answer *a, uint64_t subject)
{
	for (size_t i = 0; i < a->left_n; i++)
		if (a->left[i] == subject)
			return true;
	return false;
}

/* Adds up what was expected of those who were not left to the caller. */
static void add_up(struct verdicts *want, const struct verdicts *got, const struct asked *q)
{
	for (size_t i = 0; i < want->n; i++) {
		const struct verdict *o = &want->items[i];
		if (is_left(&got->answer, o->subject)) {
			assert_true(o->crossed);
			continue;
		}
		want->answer.out_of_order += q->out_of_order && o->out_of_order;
		for (size_t k = 0; k < o->level; k++) {
			want->answer.count[k]++;
			want->answer.skipped[k] += o->seq[k] == 0;
			if (q->grouping != FAST_UNGROUPED)
				want->groups[o->group * FUNNEL_STEPS_MAX + k]++;
		}
	}
}

static bool same_chain(const struct verdict *a, const struct verdict *b, bool grouped)
{
	bool same = a->level == b->level;
	for (size_t k = 0; same && k < a->level; k++)
		same = a->seq[k] == b->seq[k] && a->at_us[k] == b->at_us[k];
	return same && (!grouped || a->level == 0 || a->group == b->group);
}

static bool is_right(const struct verdicts *want, const struct verdicts *got, const struct asked *q,
		     bool each)
{
	bool grouped = q->grouping != FAST_UNGROUPED;
	bool same = want->answer.out_of_order == got->answer.out_of_order;
	for (size_t k = 0; k < FUNNEL_STEPS_MAX; k++) {
		same = same && want->answer.count[k] == got->answer.count[k];
		if (q->lifecycle)
			same = same && want->answer.skipped[k] == got->answer.skipped[k];
	}
	if (grouped)
		same = same && memcmp(want->groups, got->groups, sizeof want->groups) == 0;
	for (size_t i = 0; each && same && i < want->n; i++)
		same = is_left(&got->answer, want->items[i].subject) ||
		       same_chain(&want->items[i], &got->items[i], grouped);
	return same;
}

static void check(const struct world *w, const struct asked *q, struct rng *r)
{
	/* Few touches to a batch make many ranges and batches of a small world. */
	static const uint64_t batches[] = { 0, 1, 20, 3000 };
	unsigned threads = 1 + (unsigned)rng_below(r, 3);
	bool each = rng_chance(r, 0.5);
	struct verdicts want, got;
	expect(w, q, &want);
	ask(w, q, threads, each, batches[rng_below(r, w->n > 5000 ? 4 : 3)], &got);
	add_up(&want, &got, q);
	if (!is_right(&want, &got, q, each)) {
		say(w, q, threads, each);
		fail();
	}
	if (!each && (q->grouping == FAST_UNGROUPED || q->grouping == FAST_BY_SUBJECT))
		assert_int_equal(got.answer.left_n, 0);
	fast_answer_fini(&got.answer);
	free(want.items);
	free(got.items);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void make_steps(struct rng *r, const struct world *w, struct asked *q)
{
	size_t steps = 1 + (size_t)rng_below(r, rng_chance(r, 0.1) ? 31 : 6);
	bool wide = rng_chance(r, 0.4);
	q->rules.steps_n = steps;
	for (size_t i = 0; i < w->names_n; i++) {
		if (rng_chance(r, 0.3))
			continue;
		q->steps_of_name[i] = UINT32_C(1) << rng_below(r, steps);
		if (wide && rng_chance(r, 0.5))
			q->steps_of_name[i] |= UINT32_C(1) << rng_below(r, steps);
	}
	for (size_t i = 0; i < w->names_n && rng_chance(r, 0.4); i++) {
		size_t name = (size_t)rng_below(r, w->names_n);
		q->by_value[name] = true;
		if (!wide)
			q->steps_of_name[name] = 0;
	}
	for (size_t i = 1; i < 7; i++)
		q->steps_of_stage[i] = rng_chance(r, 0.3) ? 0 : UINT32_C(1) << rng_below(r, steps);
}

static void make_period(struct rng *r, const struct world *w, const struct shape *s,
			struct asked *q)
{
	int64_t base = w->n ? w->items[0].at_us : 0;
	int64_t span = (int64_t)s->span_us;
	q->rules.from_us = INT64_MIN;
	q->rules.to_us = INT64_MAX;
	q->rules.window_us = FUNNEL_WINDOW_NONE;
	if (!q->lifecycle && rng_chance(r, 0.75))
		q->rules.window_us = (int64_t)rng_below(r, s->span_us + 2) * s->unit_us /
				     (int64_t)(1 + rng_below(r, 4));
	if (rng_chance(r, 0.5)) {
		q->rules.from_us = base +
				   ((int64_t)rng_below(r, s->span_us) - span / 3) * s->unit_us;
		q->rules.to_us = q->rules.from_us + (int64_t)rng_below(r, s->span_us) * s->unit_us;
	}
	q->rules.clip = rng_chance(r, 0.5);
	q->until_given = rng_chance(r, 0.2);
	q->until_us = base + (int64_t)rng_below(r, s->span_us) * s->unit_us;
}

static void make_question(struct rng *r, const struct world *w, const struct shape *s,
			  struct asked *q)
{
	memset(q, 0, sizeof *q);
	q->lifecycle = rng_chance(r, 0.25);
	q->in_order = rng_chance(r, 0.5);
	q->out_of_order = rng_chance(r, 0.5);
	q->has_hidden = s->hidden;
	make_steps(r, w, q);
	if (q->lifecycle)
		q->rules.steps_n = MIN(q->rules.steps_n, (size_t)FUNNEL_STEPS_MAX - 1);
	make_period(r, w, s, q);
	q->grouping = (enum fast_grouping)rng_below(r, 4);
	q->of_step = 1 + (size_t)rng_below(r, q->rules.steps_n);
	if (rng_chance(r, 0.5))
		q->of_step = 1;
	q->has_only = rng_chance(r, 0.3);
	q->has_skip = rng_chance(r, 0.3);
	for (size_t i = 0; i < 16; i++) {
		q->only[i] = rng_u64(r);
		q->skip[i] = rng_u64(r) & rng_u64(r);
	}
}

static size_t cases(void)
{
	const char *text = getenv("FAST_CASES");
	return text ? (size_t)strtoul(text, NULL, 10) : 700;
}

static void run(struct rng *r, const struct shape *s, size_t questions)
{
	struct world w;
	world_make(&w, r, s);
	for (size_t i = 0; i < questions; i++) {
		struct asked q;
		make_question(r, &w, s, &q);
		for (enum fast_isa isa = FAST_PLAIN; isa < FAST_ISAS_N; isa++) {
			if (!fast_isa_has(isa))
				continue;
			fast_isa_force(isa);
			check(&w, &q, r);
		}
	}
	fast_isa_force(FAST_ISAS_N);
	world_free(&w);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void small_worlds_count_as_the_engines_do(void **state)
{
	struct rng r;
	(void)state;
	rng_init(&r, 41);
	for (size_t i = 0; i < cases(); i++) {
		struct shape s = { .touches = 1 + (size_t)rng_below(&r, 60),
				   .subjects = 1 + (size_t)rng_below(&r, 9),
				   .segments = 1 + (size_t)rng_below(&r, SEGMENTS_MAX),
				   .names = 1 + (size_t)rng_below(&r, 12),
				   .span_us = 1 + rng_below(&r, 40),
				   .unit_us = rng_chance(&r, 0.5) ? 1 : 1000,
				   .by_time = rng_chance(&r, 0.4),
				   .hidden = rng_chance(&r, 0.3) };
		if (rng_chance(&r, 0.4))
			s.segments = 1;
		if (rng_chance(&r, 0.3)) /* times whose high bytes lie apart */
			s.span_us = UINT64_C(1) << (17 + rng_below(&r, 24));
		run(&r, &s, 3);
	}
}

static void large_worlds_count_as_the_engines_do(void **state)
{
	static const struct shape shapes[] = {
		/* times of 33 bits, several blocks, several to a subject */
		{ 60000, 900, 1, 16, UINT64_C(7776000000), 1000, false, false, false },
		{ 60000, 900, 3, 40, UINT64_C(7776000000), 1000, true, true, false },
		/* one subject has nearly everything */
		{ 50000, 1, 2, 12, UINT64_C(40000), 1000, false, false, false },
		/* few instants */
		{ 30000, 700, 1, 9, UINT64_C(300), 86400000000, false, true, false },
		{ 30000, 700, 4, 50, UINT64_C(300), 86400000000, false, false, false },
		/* microseconds of years: times of 45 bits */
		{ 40000, 800, 1, 3, UINT64_C(31536000000000), 1, false, false, false },
		/* subjects with a touch or two */
		{ 900, 800, 1, 5, UINT64_C(1000000), 1, false, false, false },
		/* more names than a byte can say, and more than a register's table */
		{ 40000, 800, 1, 600, UINT64_C(7776000000), 1000, false, true, false },
		{ 40000, 800, 2, 200, UINT64_C(7776000000), 1000, true, false, false },
		/* packed smaller */
		{ 40000, 800, 2, 30, UINT64_C(7776000000), 1000, true, true, true },
	};
	struct rng r;
	(void)state;
	rng_init(&r, 42);
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		run(&r, &shapes[i], 8 + cases() / 200);
}

/* The only touch of step 1 lies behind the period: nobody's chain begins with it, but it is there.
 * Among times so far apart that their high bytes lie apart; in one segment, and in two with touches
 * of one instant. */
static void a_first_step_behind_the_period_is_still_a_step(void **state)
{
	static const int64_t at[] = { 1000, 5000000, 5000000, 9000000, INT64_C(1) << 30 };
	static const uint32_t name[] = { 2, 1, 1, 0, 2 };
	struct asked q = { .rules = { .steps_n = 2,
				      .window_us = 6000000,
				      .from_us = 4000000,
				      .to_us = 6000000 },
			   .steps_of_name = { 1, 2 },
			   .out_of_order = true };
	struct rng r;
	(void)state;
	rng_init(&r, 43);
	for (size_t segments = 1; segments <= 2; segments++) {
		struct world w = {
			.n = ARRAY_LEN(at), .subjects = 1, .names_n = 3, .segments_n = segments
		};
		w.items = calloc(w.n, sizeof *w.items);
		w.subject_group = calloc(2, sizeof *w.subject_group);
		for (size_t i = 0; i < w.n; i++)
			w.items[i] = (struct item){ .subject = 1,
						    .at_us = at[i],
						    .seq = i + 1,
						    .name = name[i],
						    .segment = (uint32_t)(i % segments) };
		world_build(&w, false);
		for (size_t i = 0; i < 40; i++) {
			fast_isa_force(fast_isa_has((enum fast_isa)(i % 3)) ? (enum fast_isa)(i % 3)
									    : FAST_PLAIN);
			check(&w, &q, &r);
		}
		fast_isa_force(FAST_ISAS_N);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_worlds_count_as_the_engines_do),
		cmocka_unit_test(large_worlds_count_as_the_engines_do),
		cmocka_unit_test(a_first_step_behind_the_period_is_still_a_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
