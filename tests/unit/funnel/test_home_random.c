/*
 * test_home_random.c - exits, stages now and the people behind numbers, by chance.
 *
 * What it is:   400 lives, counted a second time by a plain model that knows only what is promised:
 *               cohorts and periods, thirty of them; each number's list read page by page.
 */
#include "funnel_test.h"

#include "base/rand.h"

#define LIVES	   400
#define EVENTS_MAX 9
#define STAGES	   3
#define ROWS	   (STAGES + 1)

enum what { VISIT, ENTER, REFUSE, RECYCLE, ACCEPT };
struct happening {
	int64_t at_us;
	enum what what;
	int stage; /* from 0 */
};
struct life {
	struct happening all[EVENTS_MAX];
	size_t n; /* sorted by time; no two at one instant */
	uint64_t subject;
};

static void live(struct world *w, struct rng *rng, size_t number, struct life *l)
{
	static const char *const stages[] = { "lead", "mql", "customer" };
	char user[16];
	snprintf(user, sizeof user, "u%zu", number);
	l->n = 1 + rng_below(rng, EVENTS_MAX - 1);
	int64_t at = DAY(0) + (int64_t)rng_below(rng, 40) * US_PER_DAY;
	for (size_t i = 0; i < l->n; i++) {
		struct happening *h = &l->all[i];
		at += 1 + (int64_t)rng_below(rng, 6) * US_PER_DAY;
		h->at_us = at;
		h->what = (enum what)(rng_below(rng, 9));
		h->what = h->what > ACCEPT ? ENTER : h->what;
		h->stage = (int)rng_below(rng, STAGES);
		if (h->what == ENTER)
			enters(w, user, stages[h->stage], at);
		else if (h->what == REFUSE)
			refused(w, user, at, "why");
		else
			did(w, user,
			    h->what == VISIT	 ? "page_viewed"
			    : h->what == RECYCLE ? "lead_recycled"
						 : "lead_accepted",
			    at);
	}
}

/* When each row was reached by a chain that begins with the first happening in [from, to); the
 * number of rows. A stage is reached by its first entry that no earlier stage's first entry
 * follows; one passed over is reached with the next. */
static size_t model_rows(const struct life *l, int64_t from, int64_t to, int64_t at[ROWS],
			 int64_t last[ROWS])
{
	size_t visit = 0, level = 1;
	bool own[ROWS] = { true };
	while (visit < l->n && l->all[visit].at_us < from)
		visit++;
	if (visit == l->n || l->all[visit].at_us >= to)
		return 0;
	at[0] = last[0] = l->all[visit].at_us;
	int64_t not_before = INT64_MIN;
	for (int k = 0; k < STAGES; k++) {
		int64_t first = INT64_MAX, chosen = INT64_MAX;
		for (size_t i = visit; i < l->n; i++) {
			const struct happening *h = &l->all[i];
			if (h->what != ENTER || h->stage != k)
				continue;
			first = MIN(first, h->at_us);
			if (h->at_us >= not_before)
				chosen = MIN(chosen, h->at_us);
			last[k + 1] = h->at_us;
		}
		own[k + 1] = chosen != INT64_MAX;
		at[k + 1] = chosen;
		if (own[k + 1])
			level = (size_t)k + 2;
		if (first != INT64_MAX)
			not_before = MAX(not_before, first);
	}
	for (size_t k = level; k-- > 1;)
		if (!own[k])
			at[k] = at[k + 1];
	return level;
}

struct model {
	uint64_t count[ROWS], here_now[ROWS], here_all[ROWS], left[ROWS][FUNNEL_EXITS_N];
};

static const struct happening *latest(const struct life *l, enum what a, enum what b)
{
	const struct happening *found = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (l->all[i].what == a || l->all[i].what == b)
			found = &l->all[i];
	return found;
}

static void model_life(const struct life *l, const struct funnel_spec *spec, struct model *m)
{
	bool period = spec->view == FUNNEL_PERIOD;
	int64_t at[ROWS], last[ROWS];
	bool counts[ROWS] = { false };
	bool any = false;
	size_t level = model_rows(l, period ? INT64_MIN : spec->from_us,
				  period ? INT64_MAX : spec->to_us, at, last);
	for (size_t k = 0; k < level; k++) {
		counts[k] = !period || (at[k] >= spec->from_us && at[k] < spec->to_us);
		m->count[k] += counts[k];
		any = any || counts[k];
	}
	const struct happening *stage = latest(l, ENTER, ENTER);
	const struct happening *exit = latest(l, REFUSE, RECYCLE);
	const struct happening *accept = latest(l, ACCEPT, ACCEPT);
	if (exit && exit->what == REFUSE && accept && accept->at_us > exit->at_us)
		exit = NULL;
	size_t here = stage ? (size_t)stage->stage + 1 : 0;
	bool is_here = stage ? !exit || exit->at_us < stage->at_us : !exit && any;
	if (is_here) {
		m->here_all[here]++;
		m->here_now[here] += counts[here];
	}
	if (!any || !exit || level == ROWS || (stage && here >= level))
		return;
	bool in = exit->at_us >= last[level - 1] &&
		  (!period || (exit->at_us >= spec->from_us && exit->at_us < spec->to_us));
	if (in && counts[level - 1])
		m->left[level - 1][exit->what == REFUSE ? FUNNEL_DISQUALIFIED : FUNNEL_RECYCLED]++;
}

static void same_number(struct world *w, const struct funnel_result *r, struct funnel_who who,
			uint64_t wanted)
{
	struct funnel_person *page, after = { 0 };
	size_t n, seen = 0;
	uint64_t count;
	bool more = false;
	do {
		WORLD_OK(w, funnel_people(r, &who, more ? &after : NULL, 7, &w->a, &page, &n,
					  &count, &w->e));
		assert_int_equal(count, wanted);
		for (size_t i = 0; i < n; i++) {
			bool later = !more || page[i].at_us < after.at_us ||
				     (page[i].at_us == after.at_us &&
				      page[i].subject > after.subject);
			assert_true(later);
			after = page[i];
			more = true;
		}
		seen += n;
	} while (n == 7);
	assert_int_equal(seen, wanted);
}

static void compare_all(struct world *w, const struct funnel_result *r, const struct model *m)
{
	for (size_t k = 0; k < ROWS; k++) {
		struct funnel_who who = { .step = k + 1 };
		assert_int_equal(r->steps[k].count, m->count[k]);
		assert_int_equal(r->steps[k].here_now, m->here_now[k]);
		if (k > 0)
			assert_int_equal(r->steps[k].here_all, m->here_all[k]);
		same_number(w, r, who, m->count[k]);
		who.outcome = FUNNEL_HERE;
		same_number(w, r, who, m->here_now[k]);
		who.outcome = FUNNEL_HERE_ALL;
		same_number(w, r, who, r->steps[k].here_all);
		who.outcome = FUNNEL_LEFT;
		for (int x = 0; x < FUNNEL_EXITS_N; x++) {
			who.exit = (enum funnel_exit_kind)x;
			assert_int_equal(left(r, k, who.exit), m->left[k][x]);
			same_number(w, r, who, m->left[k][x]);
		}
	}
}

static void lives_by_chance_are_counted_as_the_model_does(void **state)
{
	static struct life lives[LIVES];
	struct world w;
	struct rng rng;
	(void)state;
	world_init(&w);
	rng_init(&rng, 11);
	for (size_t i = 0; i < LIVES; i++)
		live(&w, &rng, i, &lives[i]);
	for (int round = 0; round < 30; round++) {
		struct funnel_spec spec = spec_of(&w, NULL);
		struct model m = { 0 };
		spec.keep = true;
		spec.view = round % 2 ? FUNNEL_PERIOD : FUNNEL_COHORT;
		if (round > 1) {
			spec.from_us = DAY(0) + (int64_t)rng_below(&rng, 50) * US_PER_DAY;
			spec.to_us = spec.from_us + (int64_t)(1 + rng_below(&rng, 30)) * US_PER_DAY;
		}
		struct funnel_result r = run(&w, &spec);
		for (size_t i = 0; i < LIVES; i++)
			model_life(&lives[i], &spec, &m);
		compare_all(&w, &r, &m);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_by_chance_are_counted_as_the_model_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
