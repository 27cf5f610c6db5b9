/*
 * test_sample.c - the sample company: the same each time, plausible, with the effects that sample.h
 * says are planted.
 */
#include "load/sample.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define END_US (INT64_C(20454) * US_PER_DAY) /* 2026-01-01 */

static value prop_of(const struct intake *in, str key)
{
	for (size_t i = 0; i < in->props_n; i++) {
		if (str_eq(in->props[i].key, key))
			return in->props[i].value;
	}
	return value_none();
}

static bool prop_is(const struct intake *in, const char *key, const char *text)
{
	value v = prop_of(in, str_of(key));
	return v.kind == VALUE_TEXT && str_eq(v.text, str_of(text));
}

static void tell_all(uint64_t seed, uint64_t people, sample_sink sink, void *arg,
		     struct sample_result *r)
{
	struct sample_options o = { .seed = seed, .people = people, .end_us = END_US };
	err e = { 0 };
	if (!sample_each(&o, sink, arg, r, &e))
		fail_msg("%s", e.text);
}

/* ---- the same each time ---------------------------------------------------------------------- */

static void hash_text(uint64_t *h, str s)
{
	*h = (*h ^ str_hash(s)) * UINT64_C(0x9E3779B97F4A7C15) + s.n;
}

static bool hash_all(void *arg, struct intake *items, size_t n, err *e)
{
	uint64_t *h = arg;
	(void)e;
	for (size_t i = 0; i < n; i++) {
		const struct intake *in = &items[i];
		const str texts[] = { in->name,		  in->message_id,     in->anonymous_id,
				      in->email,	  in->company_domain, in->deal_id.value,
				      in->origin.source,  in->origin.medium,  in->origin.campaign,
				      in->origin.referrer };
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			hash_text(h, texts[k]);
		struct buf b;
		buf_init(&b, MIB);
		buf_zigzag(&b, in->at_us);
		for (size_t k = 0; k < in->props_n; k++) {
			buf_lenstr(&b, in->props[k].key);
			value_encode(&b, in->props[k].value);
		}
		hash_text(h, buf_view(&b));
		buf_fini(&b);
	}
	return true;
}

static void the_same_seed_gives_the_same_touches(void **state)
{
	uint64_t first = 0, again = 0, other = 0;
	struct sample_result r;
	(void)state;
	tell_all(7, 2000, hash_all, &first, &r);
	uint64_t touches = r.touches;
	tell_all(7, 2000, hash_all, &again, &r);
	assert_true(first == again);
	assert_true(touches == r.touches);
	tell_all(8, 2000, hash_all, &other, &r);
	assert_true(first != other);
}

/* ---- each touch ------------------------------------------------------------------------------ */

struct checking {
	struct map ids;
	uint64_t touches, chunks, bare;
	int64_t least, most;
};

static bool check_all(void *arg, struct intake *items, size_t n, err *e)
{
	struct checking *c = arg;
	(void)e;
	assert_in_range(n, 1, SAMPLE_CHUNK_TOUCHES_MAX);
	c->chunks++;
	for (size_t i = 0; i < n; i++) {
		const struct intake *in = &items[i];
		uint64_t ignored;
		assert_true(in->message_id.n == 16);
		assert_false(map_get(&c->ids, in->message_id, &ignored));
		assert_true(map_put(&c->ids, in->message_id, 1));
		c->least = c->touches == 0 ? in->at_us : MIN(c->least, in->at_us);
		c->most = c->touches == 0 ? in->at_us : MAX(c->most, in->at_us);
		c->bare += in->anonymous_id.n + in->email.n + in->company_domain.n == 0 &&
			   !str_eq(in->name, S("spend_booked"));
		c->touches++;
	}
	return true;
}

static void every_touch_lies_in_the_period_and_has_an_id_of_its_own(void **state)
{
	struct checking c = { 0 };
	struct sample_result r;
	(void)state;
	tell_all(1, 5000, check_all, &c, &r);
	assert_true(c.touches == r.touches);
	assert_true(c.chunks > 10);
	assert_true(r.end_us == END_US);
	assert_true(r.from_us == END_US - 365 * US_PER_DAY);
	assert_true(c.least >= r.from_us);
	assert_true(c.most < r.end_us);
	assert_true(c.bare == 0);
	map_fini(&c.ids);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

struct shapes {
	uint64_t weekdays[7];
	uint64_t halves[2];
	uint64_t night, day;
	/* a lead being told of: between form and the next form */
	str email;
	char email_room[128];
	bool read_case, called, is_sql;
	uint64_t sql[2], customers[2]; /* not read, read */
	uint64_t capitals, deals, deals_alone, skipped, late_cases, wrong_owner;
	struct map devices; /* -> hash of the address that used it in a form */
};

static void note_time(struct shapes *s, const struct intake *in)
{
	int64_t day = in->at_us / US_PER_DAY;
	int64_t hour = in->at_us % US_PER_DAY / (3600 * US_PER_S);
	s->weekdays[(day + 3) % 7]++;
	s->halves[in->at_us > END_US - 365 * US_PER_DAY / 2]++;
	s->night += hour < 5;
	s->day += hour >= 8 && hour < 13;
}

static void note_form(struct shapes *s, const struct intake *in)
{
	uint64_t before, hash;
	size_t n = MIN(in->email.n, sizeof s->email_room);
	for (size_t i = 0; i < n; i++) {
		s->capitals += i == 0 && in->email.p[i] >= 'A' && in->email.p[i] <= 'Z';
		s->email_room[i] = (char)(in->email.p[i] >= 'A' && in->email.p[i] <= 'Z'
						  ? in->email.p[i] | 32
						  : in->email.p[i]);
	}
	s->email = str_make(s->email_room, n);
	s->read_case = s->called = s->is_sql = false;
	hash = str_hash(s->email);
	if (map_get(&s->devices, in->anonymous_id, &before) && before != hash)
		s->wrong_owner++;
	assert_true(map_put(&s->devices, in->anonymous_id, hash));
}

static void note_stage(struct shapes *s, const struct intake *in)
{
	if (prop_is(in, "stage", "sql")) {
		s->is_sql = true;
		s->sql[s->read_case]++;
		s->skipped += prop_is(in, "from", "mql");
	}
	/* Colleagues become customers without having been SQLs. */
	if (prop_is(in, "stage", "customer") && str_eq(in->email, s->email) && s->is_sql)
		s->customers[s->read_case]++;
}

static bool note_all(void *arg, struct intake *items, size_t n, err *e)
{
	struct shapes *s = arg;
	(void)e;
	for (size_t i = 0; i < n; i++) {
		const struct intake *in = &items[i];
		if (str_eq(in->name, S("page_viewed"))) {
			note_time(s, in);
			if (prop_is(in, "kind", "case_study"))
				s->read_case |= !s->called;
		} else if (str_eq(in->name, S("form_submitted"))) {
			note_form(s, in);
		} else if (str_eq(in->name, S("call_made"))) {
			s->called = true;
		} else if (str_eq(in->name, S("stage_entered"))) {
			note_stage(s, in);
		} else if (str_eq(in->name, S("deal_created"))) {
			s->deals++;
			s->deals_alone += in->company_domain.n == 0;
		}
	}
	return true;
}

static struct shapes shapes;
static struct sample_result shaped;

static int shapes_make(void **state)
{
	(void)state;
	tell_all(1, 300000, note_all, &shapes, &shaped);
	return 0;
}

static int shapes_fini(void **state)
{
	(void)state;
	map_fini(&shapes.devices);
	return 0;
}

static void assert_share(double part, double whole, double least, double most)
{
	double share = part / whole;
	if (!(share >= least && share <= most))
		fail_msg("%.0f of %.0f is %.3f, not %.3f to %.3f", part, whole, share, least, most);
}

static void stages_are_reached_in_plausible_shares(void **state)
{
	/* A little below sample.h's rates: the newest stories have not ended. */
	static const struct {
		double least, most;
	} SHARES[SAMPLE_STAGES_N] = { { 0.052, 0.062 }, { 0.36, 0.42 }, { 0.50, 0.58 },
				      { 0.46, 0.54 },	{ 0.55, 0.65 }, { 0.18, 0.30 } };
	(void)state;
	double before = (double)shaped.people;
	for (size_t i = 0; i < SAMPLE_STAGES_N; i++) {
		assert_share((double)shaped.entered[i], before, SHARES[i].least, SHARES[i].most);
		before = (double)shaped.entered[i];
	}
	assert_share((double)shaped.touches, (double)shaped.people,
		     SAMPLE_TOUCHES_PER_PERSON * 0.96, SAMPLE_TOUCHES_PER_PERSON * 1.04);
	assert_true(shaped.deals > shaped.won + shaped.lost);
}

static void who_read_a_case_study_buys_twice_as_often(void **state)
{
	(void)state;
	assert_share((double)shapes.sql[1], (double)(shapes.sql[0] + shapes.sql[1]), 0.40, 0.50);
	double others = (double)shapes.customers[0] / (double)shapes.sql[0];
	double readers = (double)shapes.customers[1] / (double)shapes.sql[1];
	assert_share(readers, others, 1.5, 2.6);
}

static void people_read_on_workdays_by_day_and_ever_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_true(shapes.weekdays[i] > 2 * shapes.weekdays[5]);
	assert_true(shapes.day > 5 * shapes.night);
	assert_share((double)shapes.halves[1], (double)shapes.halves[0], 1.05, 2.0);
}

static void it_is_not_tidier_than_life(void **state)
{
	(void)state;
	assert_share((double)shapes.deals_alone, (double)shapes.deals, 0.015, 0.05);
	assert_share((double)shapes.skipped, (double)(shapes.sql[0] + shapes.sql[1]), 0.02, 0.06);
	assert_share((double)shapes.capitals, (double)shaped.entered[SAMPLE_LEAD], 0.005, 0.015);
	assert_true(shapes.wrong_owner > 100);
}

/* ---- what can go wrong ----------------------------------------------------------------------- */

static void too_many_people_or_days_are_refused(void **state)
{
	static const struct sample_options CASES[] = {
		{ .people = SAMPLE_PEOPLE_MAX + 1 },
		{ .people = 1, .days = SAMPLE_DAYS_MAX + 1 },
		{ .people = 1, .end_us = TIME_MIN_US },
		{ .people = 1, .end_us = INT64_MAX },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct sample_result r;
		uint64_t h = 0;
		err e = { 0 };
		assert_false(sample_each(&CASES[i], hash_all, &h, &r, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void a_single_day_and_a_single_person_will_do(void **state)
{
	(void)state;
	struct sample_options o = { .people = 1, .days = 1, .end_us = END_US };
	struct sample_result r;
	struct checking c = { 0 };
	err e = { 0 };
	assert_true(sample_each(&o, check_all, &c, &r, &e));
	assert_true(c.touches == r.touches);
	assert_true(c.most < END_US);
	map_fini(&c.ids);
}

static bool count_all(void *arg, struct intake *items, size_t n, err *e)
{
	(void)items;
	(void)e;
	*(uint64_t *)arg += n;
	return true;
}

static void running_out_of_memory_is_an_error(void **state)
{
	struct sample_options o = { .people = 300, .end_us = END_US };
	(void)state;
	for (uint64_t n = 1;; n++) {
		struct sample_result r;
		uint64_t touches = 0;
		err e = { 0 };
		mem_fail_at(n);
		bool ok = sample_each(&o, count_all, &touches, &r, &e);
		bool failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(ok, !failed);
		if (ok)
			break;
		assert_int_equal(e.code, ERR_NOMEM);
		assert_true(n < 100);
	}
}

static bool refuse(void *arg, struct intake *items, size_t n, err *e)
{
	(void)items;
	*(uint64_t *)arg += n;
	return err_set(e, ERR_LIMIT, "no more");
}

static void a_sink_that_wants_no_more_ends_it(void **state)
{
	struct sample_options o = { .people = 5000, .end_us = END_US };
	struct sample_result r;
	uint64_t touches = 0;
	err e = { 0 };
	(void)state;
	assert_false(sample_each(&o, refuse, &touches, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(touches <= SAMPLE_CHUNK_TOUCHES_MAX);
}

/* ---- into a journal -------------------------------------------------------------------------- */

static char dir[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int dir_make(void **state)
{
	err e = { 0 };
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/trichter-test-XXXXXX");
	return mkdtemp(dir) && journal_init(dir, &e) ? 0 : -1;
}

static int dir_remove(void **state)
{
	(void)state;
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct journal *open_or_fail(void)
{
	struct journal *j = NULL;
	err e = { 0 };
	if (!journal_open(dir, NULL, &j, &e))
		fail_msg("%s", e.text);
	return j;
}

static bool count_touch(void *arg, const struct touch *t)
{
	/* The program's own: joins, the import's end. */
	*(uint64_t *)arg += t->message_id.n > 0;
	return true;
}

static uint64_t visible(void)
{
	struct snapshot *s = NULL;
	uint64_t n = 0;
	err e = { 0 };
	assert_true(snapshot_open(dir, 0, &s, &e));
	assert_true(snapshot_scan(s, count_touch, &n, &e));
	snapshot_close(&s);
	return n;
}

static void it_is_one_import_and_cannot_be_made_twice(void **state)
{
	struct sample_options o = { .seed = 2, .people = 400, .end_us = END_US };
	struct sample_result r, again;
	err e = { 0 };
	(void)state;
	struct journal *j = open_or_fail();
	if (!sample_make(j, &o, &r, &e))
		fail_msg("%s", e.text);
	assert_true(r.import == 1);
	assert_false(sample_make(j, &o, &again, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	journal_close(&j);
	assert_true(visible() == r.touches);
}

static void an_interrupt_takes_it_back(void **state)
{
	static const volatile bool stop = true;
	struct sample_options o = { .people = 3000, .end_us = END_US, .stop = &stop };
	struct sample_result r;
	err e = { 0 };
	(void)state;
	struct journal *j = open_or_fail();
	assert_false(sample_make(j, &o, &r, &e));
	assert_int_equal(e.code, ERR_BUSY);
	o.stop = NULL;
	o.people = 50;
	assert_true(sample_make(j, &o, &r, &e));
	journal_close(&j);
	assert_true(visible() == r.touches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_touches),
		cmocka_unit_test(every_touch_lies_in_the_period_and_has_an_id_of_its_own),
		cmocka_unit_test(stages_are_reached_in_plausible_shares),
		cmocka_unit_test(who_read_a_case_study_buys_twice_as_often),
		cmocka_unit_test(people_read_on_workdays_by_day_and_ever_more),
		cmocka_unit_test(it_is_not_tidier_than_life),
		cmocka_unit_test(too_many_people_or_days_are_refused),
		cmocka_unit_test(a_single_day_and_a_single_person_will_do),
		cmocka_unit_test(running_out_of_memory_is_an_error),
		cmocka_unit_test(a_sink_that_wants_no_more_ends_it),
		cmocka_unit_test_setup_teardown(it_is_one_import_and_cannot_be_made_twice, dir_make,
						dir_remove),
		cmocka_unit_test_setup_teardown(an_interrupt_takes_it_back, dir_make, dir_remove),
	};
	return cmocka_run_group_tests(tests, shapes_make, shapes_fini);
}
