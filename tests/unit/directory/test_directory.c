/*
 * test_directory.c - cursors, columns and the search by themselves.
 */
#include "directory_test.h"

#include <stdlib.h>

static void a_cursor_that_no_page_gave_is_refused(void **state)
{
	static const char *const BAD[] = { "x",
					   "00",
					   "-1",
					   "zz",
					   "0000000000",
					   "'; --",
					   "1",
					   "999999999999999999999999",
					   "ffffffffffffffffffffffffff" };
	struct arena a;
	err e = { 0 };
	struct cursor c;
	(void)state;
	arena_init(&a, MIB);
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		assert_false(cursor_parse(str_of(BAD[i]), &a, &c, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	struct cursor good = { 12, value_text(S("anna")) };
	str text = cursor_print(&a, &good);
	assert_true(cursor_parse(text, &a, &c, &e));
	assert_int_equal(c.number, 12);
	assert_true(value_eq(c.key, good.key));
	for (size_t i = 0; i < text.n; i++) { /* no digit may be another one */
		char *changed = str_cstr(&a, text);
		changed[i] = changed[i] == '0' ? '1' : '0';
		assert_false(cursor_parse(str_make(changed, text.n), &a, &c, &e));
	}
	arena_fini(&a);
}

static void a_column_of_numbers_becomes_one_of_codes(void **state)
{
	struct arena a;
	err e = { 0 };
	(void)state;
	arena_init(&a, MIB);
	struct trait_column *c = trait_column_new(S("x"), COLUMN_RULE, false, &e);
	assert_non_null(c);
	for (size_t i = 0; i < 1000; i++)
		assert_true(
			trait_column_set(c, i, i % 3 ? value_int((int64_t)i) : value_none(), &e));
	assert_true(c->numeric);
	assert_true(trait_column_set(c, 1500, value_text(S("text")), &e));
	assert_false(c->numeric);
	for (size_t i = 0; i < 1000; i++) {
		value v = trait_column_value(c, i, &a);
		assert_true(i % 3 ? v.kind == VALUE_INT && v.i == (int64_t)i
				  : v.kind == VALUE_NONE);
	}
	assert_int_equal(trait_column_value(c, 1200, &a).kind, VALUE_NONE);
	assert_true(str_eq(trait_column_value(c, 1500, &a).text, S("text")));
	trait_column_free(c);
	arena_fini(&a);
}

static void the_search_finds_words_and_puts_whole_names_first(void **state)
{
	struct pair p;
	uint64_t *found;
	size_t n;
	(void)state;
	pair_init(&p, 1);
	static const char *const NAMES[] = { "Anna",	   "Anna Schmidt", "Johanna Meier",
					     "Bo Anna-Li", "Hannah",	   "Änna" };
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		char id[8];
		snprintf(id, sizeof id, "u%zu", i);
		struct prop name = { S("full_name"), value_text(str_of(NAMES[i])) };
		world_one(&p.w, TRUST_SECRET,
			  (struct intake){ .name = S("person_updated"),
					   .at_us = DAY((int64_t)i),
					   .user_id = str_of(id),
					   .message_id = str_of(id),
					   .props = &name,
					   .props_n = 1 });
	}
	refresh(&p);
	WORLD_OK(&p.w,
		 directory_search(p.d, p.s, ENTITY_PERSON, S("ANNA"), 8, &p.a, &found, &n, &p.w.e));
	assert_int_equal(n, 4); /* not within Johanna and Hannah */
	struct subject_view v;
	WORLD_OK(&p.w, people_view(snapshot_people(p.s), found[0], &p.a, &v, &p.w.e));
	assert_true(str_eq(subject_cell(&v, S("full_name")).text, S("Änna"))); /* seen last */
	WORLD_OK(&p.w,
		 directory_search(p.d, p.s, ENTITY_PERSON, S("schm"), 8, &p.a, &found, &n, &p.w.e));
	assert_int_equal(n, 1);
	WORLD_OK(&p.w,
		 directory_search(p.d, p.s, ENTITY_PERSON, S("  "), 8, &p.a, &found, &n, &p.w.e));
	assert_int_equal(n, 0);
	pair_fini(&p);
}

static void an_empty_journal_has_nobody(void **state)
{
	struct pair p;
	struct directory_page page;
	struct directory_facet *facets;
	struct directory_touches t;
	size_t n;
	(void)state;
	pair_init(&p, 1);
	struct directory_query q = { .limit = 10, .sort = S("name"), .count = true };
	WORLD_OK(&p.w, directory_page(p.d, p.s, &q, &p.a, &page, &p.w.e));
	assert_int_equal(page.n + page.count, 0);
	WORLD_OK(&p.w, directory_facets(p.d, p.s, &q, S("stage"), 10, &p.a, &facets, &n, &p.w.e));
	assert_int_equal(n, 0);
	WORLD_OK(&p.w, directory_latest(p.d, p.s, NULL, 0, 10, 0, &p.a, &t, &p.w.e));
	assert_int_equal(t.n, 0);
	pair_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_that_no_page_gave_is_refused),
		cmocka_unit_test(a_column_of_numbers_becomes_one_of_codes),
		cmocka_unit_test(the_search_finds_words_and_puts_whole_names_first),
		cmocka_unit_test(an_empty_journal_has_nobody),
	};
	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
