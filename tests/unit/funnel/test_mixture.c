/*
 * test_mixture.c - the same question over the tail, over segments and over any mixture of both, by
 * the fast way and the general one, by one thread and several: one answer.
 *
 * ROUNDS=n runs n random worlds instead of a few.
 */
#include "funnel_test.h"

#include "base/rand.h"

#define STEPS 50

static const char *const USERS[] = { "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9" };

static struct intake random_touch(struct rng *rng, struct prop *props, char text[3][24],
				  uint64_t *id)
{
	static const char *const NAMES[] = { "a",
					     "b",
					     "c",
					     "a",
					     "b",
					     "page_viewed",
					     "stage_entered",
					     "stage_entered",
					     "lead_disqualified",
					     "deal_created",
					     "deal_won",
					     "lead_recycled" };
	static const char *const STAGES[] = { "lead", "mql", "Customer", "nowhere" };
	static const char *const SOURCES[] = { "", "google", "mail" };
	struct intake in = { .name = str_of(NAMES[rng_below(rng, ARRAY_LEN(NAMES))]) };
	snprintf(text[0], 24, "d%d", (int)rng_below(rng, 20));
	snprintf(text[1], 24, "m%ju", (uintmax_t)(*id)++);
	snprintf(text[2], 24, "deal%d", (int)rng_below(rng, 4));
	/* Few instants, so that ties are common; now and then before 1970. */
	in.at_us = (int64_t)rng_below(rng, 40) * US_PER_DAY / 2 -
		   (rng_chance(rng, 0.1) ? 20 * US_PER_DAY : 0);
	in.message_id = str_of(text[1]);
	if (rng_chance(rng, 0.5))
		in.user_id = str_of(USERS[rng_below(rng, ARRAY_LEN(USERS))]);
	if (in.user_id.n == 0 || rng_chance(rng, 0.2))
		in.anonymous_id = str_of(text[0]);
	in.origin.source = str_of(SOURCES[rng_below(rng, 3)]);
	props[0] = (struct prop){ S("x"), value_text(rng_chance(rng, 0.5) ? S("1") : S("2")) };
	in.props = props;
	in.props_n = rng_chance(rng, 0.7) ? 1 : 0;
	if (str_starts(in.name, S("stage")))
		props[in.props_n++] =
			(struct prop){ S("stage"), value_text(str_of(STAGES[rng_below(rng, 4)])) };
	if (str_starts(in.name, S("deal_")))
		in.deal_id = (struct external_id){ S("s"), str_of(text[2]) };
	if (rng_chance(rng, 0.2))
		in.company_domain = rng_chance(rng, 0.5) ? S("one.example") : S("two.example");
	return in;
}

/* The same for the same seed; `seals`: pieces of it become segments now and then. */
static void random_world(struct world *w, uint64_t seed, bool seals)
{
	struct rng rng, cut;
	uint64_t id = 0;
	rng_init(&rng, seed);
	rng_init(&cut, seed + 1);
	for (int step = 0; step < STEPS; step++) {
		struct intake in[8];
		struct prop props[8][2];
		char text[8][3][24];
		struct undo_result undone;
		size_t n = 1 + rng_below(&rng, 8);
		for (size_t i = 0; i < n; i++)
			in[i] = random_touch(&rng, props[i], text[i], &id);
		uint64_t dice = rng_below(&rng, 20);
		uint64_t all = people_profiles(journal_people(w->j)) + 1;
		uint64_t one = rng_below(&rng, all), two = rng_below(&rng, all);
		bool undo = rng_chance(&rng, 0.4), ok = true;
		if (dice < 15) {
			world_submit(w, TRUST_SECRET, in, n);
		} else if (dice < 17) {
			uint64_t import;
			WORLD_OK(w, journal_import_begin(w->j, S("{}"), &import, &w->e));
			struct batch b = {
				.items = in, .n = n, .trust = TRUST_SECRET, .import = import
			};
			WORLD_OK(w, journal_submit(w->j, &b, &w->e));
			WORLD_OK(w, journal_import_close(w->j, import, S("{}"), &w->e));
			if (undo)
				WORLD_OK(w, journal_import_undo(w->j, import, &undone, &w->e));
		} else if (dice < 19) {
			ok = people_merge(w->j, one, two, S("user:1"), S("t"), &w->e);
		} else {
			ok = people_unmerge(w->j, one, S("user:1"), S("t"), &w->e);
		}
		(void)ok;
		if (rng_chance(&cut, 0.15) && seals)
			WORLD_OK(w, journal_seal(w->j, rng_below(&cut, 40), &w->e));
	}
}

struct asked {
	const char *steps, *by, *where;
	enum funnel_of of;
	enum funnel_order order;
	enum funnel_count count;
	bool period, compare, trend, correlate;
	int window_days; /* 0: as ever; -1: none */
};
static const struct asked questions[] = {
	{ .by = "source" },
	{ .period = true, .compare = true, .trend = true },
	{ .window_days = 3, .by = "x" },
	{ .order = FUNNEL_ANY, .by = "source,x" },
	{ .count = FUNNEL_COMPANIES },
	{ .count = FUNNEL_DEALS, .by = "source" },
	{ .where = "did(\"a\") >= 2", .by = "first_source" },
	{ .steps = "a, b", .by = "source", .trend = true },
	{ .steps = "a, b, c", .window_days = -1, .by = "x", .of = FUNNEL_OF_LAST },
	{ .steps = "a, a, b", .window_days = 5, .period = true, .compare = true },
	{ .steps = "a, b", .order = FUNNEL_ANY, .by = "x", .of = FUNNEL_OF_ALL },
	{ .steps = "a, stage:mql, stage:customer", .by = "source,x", .correlate = true },
	{ .steps = "[name = \"a\" and x = \"1\"], [name = \"b\" or source = \"mail\"]" },
	{ .steps = "[x = \"2\"], *", .window_days = 2, .by = "name" },
	{ .steps = "deal:won", .count = FUNNEL_COMPANIES },
	{ .steps = "a, deal:won, [at > 1970-01-05]", .where = "touches > 3" },
	{ .steps = "b, c", .where = "did(\"a\" where x = \"1\") >= 1", .count = FUNNEL_DEALS },
};

static void ask(struct world *w, const struct asked *q, bool no_fast, unsigned threads,
		struct buf *out)
{
	struct funnel_spec spec = spec_of(w, q->steps);
	struct funnel_result r;
	struct snapshot *s;
	spec.now_us = 60 * US_PER_DAY;
	spec.by = q->by ? str_of(q->by) : S("");
	spec.of = q->of;
	spec.order = q->order;
	spec.count = q->count;
	spec.compare = q->compare;
	spec.correlate = q->correlate;
	spec.trend = q->trend;
	spec.no_fast = no_fast;
	spec.threads = threads;
	if (q->period) {
		spec.from_us = 8 * US_PER_DAY;
		spec.to_us = 15 * US_PER_DAY;
	}
	if (q->window_days) {
		spec.window_given = true;
		spec.window_us = q->window_days < 0 ? FUNNEL_WINDOW_NONE
						    : q->window_days * US_PER_DAY;
	}
	if (q->where)
		where(w, &spec, q->where);
	WORLD_OK(w, journal_flush(w->j, &w->e));
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, funnel_run(s, &spec, &w->a, &r, &w->e));
	funnel_print_json(&r, out);
	snapshot_close(&s);
}

static void compare(struct world *w, const struct asked *q, const struct buf *wanted, bool no_fast,
		    unsigned threads)
{
	struct buf got;
	buf_init(&got, MIB);
	ask(w, q, no_fast, threads, &got);
	if (!str_eq(buf_view(&got), buf_view(wanted))) {
		print_error("question %td, %s, %u threads:\n%.*s\n%.*s\n", q - questions,
			    no_fast ? "general" : "fast", threads, STR_ARG(buf_view(wanted)),
			    STR_ARG(buf_view(&got)));
		fail();
	}
	buf_fini(&got);
}

/* Each person's own explanation, added up, is the answer. */
static void explained_as_counted(struct world *w)
{
	struct funnel_spec spec = spec_of(w, "a, b, c");
	struct funnel_result r;
	struct snapshot *s;
	uint64_t counts[3] = { 0 };
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	WORLD_OK(w, funnel_run(s, &spec, &w->a, &r, &w->e));
	struct people *p = snapshot_people(s);
	for (uint64_t i = 1; i <= people_profiles(p); i++) {
		struct funnel_explanation x;
		if (people_subject_of(p, i) != i || people_entity_of(p, i) != ENTITY_PERSON)
			continue;
		WORLD_OK(w, funnel_explain(s, &spec, i, &w->a, &x, &w->e));
		for (size_t k = 0; k < x.level; k++)
			counts[k]++;
	}
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(counts[k], r.steps[k].count);
	snapshot_close(&s);
}

static void one_answer_whatever_the_touches_lie_in(void **state)
{
	const char *rounds = getenv("ROUNDS");
	(void)state;
	for (uint64_t seed = 1; seed <= (rounds ? (uint64_t)atol(rounds) : 4); seed++) {
		struct world tail, mixed;
		world_init(&tail);
		world_init(&mixed);
		random_world(&tail, seed, false);
		random_world(&mixed, seed, true);
		for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
			const struct asked *q = &questions[i];
			struct buf wanted;
			buf_init(&wanted, MIB);
			ask(&tail, q, true, 1, &wanted);
			compare(&tail, q, &wanted, false, 1);
			compare(&tail, q, &wanted, true, 3);
			compare(&mixed, q, &wanted, true, 1);
			compare(&mixed, q, &wanted, false, 3);
			buf_fini(&wanted);
		}
		explained_as_counted(&tail);
		explained_as_counted(&mixed);
		WORLD_OK(&mixed, journal_seal(mixed.j, 0, &mixed.e));
		explained_as_counted(&mixed);
		for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
			struct buf wanted;
			buf_init(&wanted, MIB);
			ask(&tail, &questions[i], true, 1, &wanted);
			compare(&mixed, &questions[i], &wanted, false, 2);
			buf_fini(&wanted);
		}
		world_fini(&tail);
		world_fini(&mixed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_answer_whatever_the_touches_lie_in),
	};
	return cmocka_run_group_tests_name("mixture", tests, NULL, NULL);
}
