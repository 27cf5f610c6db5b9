/*
 * test_ledger.c - what ledger.h promises, on a healthy disk.
 */
#include "ledger_test.h"

static void what_was_committed_is_there_after_reopening(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_record(l, 1, 3, S("first"), &e), e);
	assert_ok(commit_row(l, LEDGER_CELLS, 7, S("seven"), &e), e);
	ledger_close(&l);
	assert_null(l);

	l = open_ledger(p->path, LEDGER_READ);
	uint64_t seq = 99;
	assert_ok(ledger_last_seq(l, &seq, &e), e);
	assert_int_equal(seq, 3);
	assert_string_equal(value_of(l, LEDGER_CELLS, 7), "seven");
	assert_string_equal(value_of(l, LEDGER_CELLS, 8), "-");
	assert_string_equal(value_of(l, LEDGER_COUNTS, 7), "-");
	ledger_close(&l);
}

static void closing_a_writer_leaves_one_file(void **state)
{
	struct place *p = *state;
	err e;
	char wal[128];
	snprintf(wal, sizeof wal, "%s-wal", p->path);
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_record(l, 1, 1, S("x"), &e), e);
	assert_int_equal(access(wal, F_OK), 0);
	ledger_close(&l);
	assert_int_not_equal(access(wal, F_OK), 0);
}

static void an_empty_ledger_has_nothing(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	uint64_t seq = 99;
	assert_ok(ledger_last_seq(l, &seq, &e), e);
	assert_int_equal(seq, 0);
	int64_t due = 0;
	assert_ok(ledger_timer_next(l, &due, &e), e);
	assert_true(due == INT64_MAX);
	struct arena a;
	arena_init(&a, MIB);
	struct ledger_timer_change *timers;
	size_t n = 99;
	assert_ok(ledger_timers_due(l, INT64_MAX, 10, &a, &timers, &n, &e), e);
	assert_int_equal(n, 0);
	assert_ok(ledger_load(l, LEDGER_META, NULL, 0, &a, NULL, &e), e);
	arena_fini(&a);
	ledger_close(&l);
}

static void a_commit_is_whole_or_not_there(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_record(l, 1, 2, S("taken"), &e), e);
	struct ledger_record r = { 1, 1, S("again") };
	struct ledger_change ch[] = { { LEDGER_META, 1, S("one"), false } };
	struct ledger_timer_change t = { { 5, 1, 1 }, S(""), false };
	struct ledger_commit c = { .records = &r,
				   .records_n = 1,
				   .changes = ch,
				   .changes_n = 1,
				   .timers = &t,
				   .timers_n = 1 };
	assert_err(ledger_commit(l, &c, &e), e, ERR_CONFLICT);
	assert_string_equal(value_of(l, LEDGER_META, 1), "-");
	r.first_seq = 3;
	assert_ok(ledger_commit(l, &c, &e), e);
	assert_string_equal(value_of(l, LEDGER_META, 1), "one");
	ledger_close(&l);
}

static void the_newest_value_wins_and_removed_is_gone(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	for (enum ledger_table t = 0; t < LEDGER_TABLES_N; t++) {
		struct ledger_change ch[] = {
			{ t, 1, S("a"), false },
			{ t, 1, S("longer than before"), false },
			{ t, 2, S("b"), false },
			{ t, 2, S(""), true },
			{ t, 3, S(""), false },
			{ t, 4, S(""), true },
			{ t, INT64_MAX, S("last"), false },
		};
		struct ledger_commit c = { .changes = ch, .changes_n = ARRAY_LEN(ch) };
		assert_ok(ledger_commit(l, &c, &e), e);
		assert_string_equal(value_of(l, t, 1), "longer than before");
		assert_string_equal(value_of(l, t, 2), "-");
		assert_string_equal(value_of(l, t, 3), "");
		assert_string_equal(value_of(l, t, 4), "-");
		assert_string_equal(value_of(l, t, INT64_MAX), "last");
	}
	ledger_close(&l);
}

static void values_of_any_size_and_byte_come_back(void **state)
{
	struct place *p = *state;
	static const size_t SIZES[] = { 0, 1, 100, 4060, 4096, 8192, 65536, 3000000 };
	err e;
	struct arena a;
	arena_init(&a, 16 * MIB);
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	char *bytes = arena_alloc(&a, 3000000);
	for (size_t i = 0; i < 3000000; i++)
		bytes[i] = (char)(i * 31 % 256);
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		assert_ok(commit_row(l, LEDGER_COUNTS, i, str_make(bytes, SIZES[i]), &e), e);
		assert_ok(commit_record(l, i + 1, 1, str_make(bytes, SIZES[i]), &e), e);
	}
	uint64_t keys[ARRAY_LEN(SIZES)];
	str values[ARRAY_LEN(SIZES)];
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++)
		keys[i] = ARRAY_LEN(SIZES) - 1 - i;
	assert_ok(ledger_load(l, LEDGER_COUNTS, keys, ARRAY_LEN(keys), &a, values, &e), e);
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		assert_non_null(values[i].p);
		assert_true(str_eq(values[i], str_make(bytes, SIZES[keys[i]])));
	}
	assert_ok(ledger_check(l, &e), e);
	ledger_close(&l);
	arena_fini(&a);
}

static void an_arena_that_is_too_small_is_a_limit_error(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	char big[8000];
	memset(big, 'x', sizeof big);
	assert_ok(commit_row(l, LEDGER_META, 1, str_make(big, sizeof big), &e), e);
	assert_ok(commit_row(l, LEDGER_META, 2, S("small"), &e), e);
	struct arena a;
	arena_init(&a, 4 * KIB);
	uint64_t keys[] = { 2, 1 };
	str v[2];
	assert_err(ledger_load(l, LEDGER_META, keys, 2, &a, v, &e), e, ERR_LIMIT);
	arena_fini(&a);
	assert_ok(commit_row(l, LEDGER_META, 3, S("goes on"), &e), e);
	ledger_close(&l);
}

struct seen {
	uint64_t keys[64];
	size_t n;
	size_t stop_after;
};

static bool see_row(void *arg, uint64_t key, str value)
{
	struct seen *s = arg;
	char want[32];
	int n = snprintf(want, sizeof want, "v%llu", (unsigned long long)key);
	assert_true(str_eq(value, str_make(want, (size_t)n)));
	s->keys[s->n++] = key;
	return s->n != s->stop_after;
}

static void a_scan_goes_in_order_from_where_it_is_told(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	static const uint64_t KEYS[] = { 900, 1, 0, 77, INT64_MAX, 12 };
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		char v[32];
		int n = snprintf(v, sizeof v, "v%llu", (unsigned long long)KEYS[i]);
		assert_ok(commit_row(l, LEDGER_IDS, KEYS[i], str_make(v, (size_t)n), &e), e);
	}
	static const struct {
		uint64_t from;
		size_t stop_after;
		size_t n;
		uint64_t first;
	} CASES[] = {
		{ 0, 0, 6, 0 },
		{ 1, 0, 5, 1 },
		{ 2, 0, 4, 12 },
		{ 13, 2, 2, 77 },
		{ INT64_MAX, 0, 1, INT64_MAX },
		{ (uint64_t)INT64_MAX + 1, 0, 0, 0 },
		{ UINT64_MAX, 0, 0, 0 },
		{ 0, 1, 1, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct seen s = { .stop_after = CASES[i].stop_after };
		assert_ok(ledger_scan(l, LEDGER_IDS, CASES[i].from, see_row, &s, &e), e);
		assert_int_equal(s.n, CASES[i].n);
		if (s.n > 0)
			assert_true(s.keys[0] == CASES[i].first);
		for (size_t k = 1; k < s.n; k++)
			assert_true(s.keys[k - 1] < s.keys[k]);
	}
	ledger_close(&l);
}

static bool see_record(void *arg, const struct ledger_record *r)
{
	struct seen *s = arg;
	assert_int_equal(r->body.n, r->touches);
	s->keys[s->n++] = r->first_seq;
	return s->n != s->stop_after;
}

static void records_are_found_by_any_touch_in_them(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	/* 1..5, 6..6, 10..19: numbers 7 to 9 were never given */
	assert_ok(commit_record(l, 1, 5, S("12345"), &e), e);
	struct ledger_record two[] = { { 6, 1, S("6") }, { 10, 10, S("0123456789") } };
	struct ledger_commit c = { .records = two, .records_n = 2 };
	assert_ok(ledger_commit(l, &c, &e), e);
	static const struct {
		uint64_t from, to;
		size_t n;
		uint64_t first;
	} CASES[] = {
		{ 0, UINT64_MAX, 3, 1 },
		{ 1, 1, 1, 1 },
		{ 5, 5, 1, 1 },
		{ 5, 6, 2, 1 },
		{ 6, 6, 1, 6 },
		{ 7, 9, 0, 0 },
		{ 7, 10, 1, 10 },
		{ 19, 19, 1, 10 },
		{ 20, 30, 0, 0 },
		{ 6, 5, 0, 0 },
		{ 0, 0, 0, 0 },
		{ 15, UINT64_MAX, 1, 10 },
		{ UINT64_MAX, UINT64_MAX, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct seen s = { 0 };
		assert_ok(ledger_scan_records(l, CASES[i].from, CASES[i].to, see_record, &s, &e),
			  e);
		assert_int_equal(s.n, CASES[i].n);
		if (s.n > 0)
			assert_true(s.keys[0] == CASES[i].first);
	}
	struct seen s = { .stop_after = 1 };
	assert_ok(ledger_scan_records(l, 0, UINT64_MAX, see_record, &s, &e), e);
	assert_int_equal(s.n, 1);
	uint64_t seq;
	assert_ok(ledger_last_seq(l, &seq, &e), e);
	assert_int_equal(seq, 19);
	ledger_close(&l);
}

static bool note_first(void *arg, const struct ledger_record *r)
{
	uint64_t *first = arg;
	*first = *first ? *first : r->first_seq;
	return true;
}

static uint64_t first_record(struct ledger *l)
{
	uint64_t first = 0;
	err e;
	assert_ok(ledger_scan_records(l, 1, UINT64_MAX, note_first, &first, &e), e);
	return first;
}

static void records_are_removed_in_slices_and_leave_no_trace(void **state)
{
	const struct place *p = *state;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	char body[3000], command[160];
	bool all = true;
	err e;
	memset(body, 'x', sizeof body);
	memcpy(body, "SECRET-TRACE", 12);
	for (uint64_t i = 0; i < 20; i++)
		assert_ok(commit_record(l, 1 + i * 10, 10, str_make(body, sizeof body), &e), e);
	/* Record 5 holds touches 41 to 50: it is not all behind 45. */
	struct ledger_commit c = { .trim_to = 45, .trim_bytes = 5000, .trimmed_r = &all };
	assert_ok(ledger_commit(l, &c, &e), e);
	assert_false(all);
	assert_int_equal(first_record(l), 21);
	assert_ok(ledger_commit(l, &c, &e), e);
	assert_true(all);
	assert_int_equal(first_record(l), 41);
	c = (struct ledger_commit){ .trim_to = 200, .trim_bytes = UINT64_MAX, .trimmed_r = &all };
	assert_ok(ledger_commit(l, &c, &e), e);
	assert_true(all);
	uint64_t last = 1;
	assert_ok(ledger_last_seq(l, &last, &e), e);
	assert_int_equal(last, 0);
	assert_ok(ledger_checkpoint(l, &e), e);
	ledger_close(&l);
	snprintf(command, sizeof command, "grep -qa SECRET-TRACE '%s'", p->path);
	assert_int_not_equal(system(command), 0);
}

static void arguments_out_of_bounds_are_refused(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	uint64_t too_large = (uint64_t)INT64_MAX + 1;
	assert_err(commit_row(l, LEDGER_META, too_large, S("x"), &e), e, ERR_INVALID);
	assert_err(commit_row(l, LEDGER_TABLES_N, 1, S("x"), &e), e, ERR_INVALID);
	assert_err(commit_record(l, 0, 1, S("x"), &e), e, ERR_INVALID);
	assert_err(commit_record(l, 1, 0, S("x"), &e), e, ERR_INVALID);
	assert_err(commit_record(l, INT64_MAX, 1, S("x"), &e), e, ERR_INVALID);
	struct ledger_record over[] = { { 1, 5, S("") }, { 5, 1, S("") } };
	struct ledger_commit c = { .records = over, .records_n = 2 };
	assert_err(ledger_commit(l, &c, &e), e, ERR_INVALID);
	str v;
	struct arena a;
	arena_init(&a, MIB);
	assert_err(ledger_load(l, LEDGER_META, &too_large, 1, &a, &v, &e), e, ERR_INVALID);
	arena_fini(&a);
	ledger_close(&l);
	assert_err(ledger_open("", LEDGER_WRITE, NULL, &l, &e), e, ERR_INVALID);
}

static void timers_come_earliest_first_and_only_when_due(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_timer(l, 300, 1, 1, S("late"), false, &e), e);
	assert_ok(commit_timer(l, -5, 2, UINT64_MAX, S("before 1970"), false, &e), e);
	assert_ok(commit_timer(l, 100, 2, 8, S("b"), false, &e), e);
	assert_ok(commit_timer(l, 100, 1, 9, S("a"), false, &e), e);
	assert_ok(commit_timer(l, 100, 1, 9, S("replaced"), false, &e), e);
	assert_ok(commit_timer(l, 100, 3, 9, S(""), false, &e), e);
	struct arena a;
	arena_init(&a, MIB);
	struct ledger_timer_change *t;
	size_t n;
	assert_ok(ledger_timers_due(l, 100, 100, &a, &t, &n, &e), e);
	assert_int_equal(n, 4);
	assert_true(t[0].timer.due_us == -5 && t[0].timer.subject == UINT64_MAX);
	assert_true(str_eq(t[1].payload, S("replaced")) && t[1].timer.kind == 1);
	assert_true(t[2].timer.kind == 2 && t[2].timer.subject == 8);
	assert_true(t[3].timer.kind == 3 && t[3].payload.n == 0);
	assert_ok(ledger_timers_due(l, INT64_MAX, 2, &a, &t, &n, &e), e);
	assert_int_equal(n, 2);
	assert_ok(ledger_timers_due(l, -6, 100, &a, &t, &n, &e), e);
	assert_int_equal(n, 0);
	int64_t due;
	assert_ok(ledger_timer_next(l, &due, &e), e);
	assert_true(due == -5);
	assert_ok(commit_timer(l, -5, 2, UINT64_MAX, S(""), true, &e), e);
	assert_ok(commit_timer(l, -7, 2, 1, S(""), true, &e), e); /* was never there */
	assert_ok(ledger_timer_next(l, &due, &e), e);
	assert_true(due == 100);
	arena_fini(&a);
	ledger_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_committed_is_there_after_reopening),
		T(closing_a_writer_leaves_one_file),
		T(an_empty_ledger_has_nothing),
		T(a_commit_is_whole_or_not_there),
		T(the_newest_value_wins_and_removed_is_gone),
		T(values_of_any_size_and_byte_come_back),
		T(an_arena_that_is_too_small_is_a_limit_error),
		T(a_scan_goes_in_order_from_where_it_is_told),
		T(records_are_found_by_any_touch_in_them),
		T(records_are_removed_in_slices_and_leave_no_trace),
		T(arguments_out_of_bounds_are_refused),
		T(timers_come_earliest_first_and_only_when_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
