/*
 * test_assets.c - which file, coding and language a browser gets.
 */
#include "unit/server/server_test.h"

#include "server/assets_int.h"

#include <string.h>

static void the_table_is_sorted_and_every_file_is_found(void **state)
{
	(void)state;
	assert_true(assets_n > 10);
	for (size_t i = 0; i < assets_n; i++) {
		if (i > 0)
			assert_true(strcmp(assets[i - 1].path, assets[i].path) < 0);
		assert_ptr_equal(asset_find(str_of(assets[i].path)), &assets[i]);
	}
	assert_null(asset_find(S("/assets/none.js")));
	assert_null(asset_find(S("")));
	assert_null(asset_find(S("zzzz")));
}

static void every_file_is_there_as_it_is_and_compressed(void **state)
{
	(void)state;
	for (size_t i = 0; i < assets_n; i++) {
		const struct asset *f = &assets[i];
		assert_true(f->n > 0 && f->br_n > 0 && f->gzip_n > 0);
		/* What follows a file is a zero that build.mjs put there. */
		assert_int_equal(f->bytes[f->n], 0);
		assert_int_equal(f->gzip[0], 0x1f);
		assert_int_equal(f->gzip[1], 0x8b);
		assert_int_equal(strlen(f->hash), 16);
	}
}

static void pages_are_there_in_both_languages(void **state)
{
	static const char *const names[] = { "home.de.html", "home.en.html", "index.de.html",
					     "index.en.html" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct asset *f = asset_find(str_of(names[i]));
		assert_non_null(f);
		assert_false(f->immutable);
		str page = str_make((const char *)f->bytes, f->n);
		assert_true(str_contains(page, i % 2 == 0 ? S("lang=\"de\"") : S("lang=\"en\"")));
		/* The content security policy would refuse these. */
		assert_false(str_contains(page, S("style=")));
		assert_false(str_contains(page, S("<script>")));
	}
}

static void a_coding_is_taken_only_when_it_is_allowed(void **state)
{
	static const struct {
		const char *header;
		enum asset_coding coding;
	} cases[] = {
		{ "", ASSET_PLAIN },
		{ "gzip, deflate, br, zstd", ASSET_BR },
		{ "gzip, deflate", ASSET_GZIP },
		{ "br;q=0, gzip;q=0.5", ASSET_GZIP },
		{ "br;q=0.0, gzip;q=0.000", ASSET_PLAIN },
		{ " BR ; Q=0.001", ASSET_BR },
		{ "identity", ASSET_PLAIN },
		{ "brx, xgzip", ASSET_PLAIN },
		{ ",,;q=1,", ASSET_PLAIN },
		{ "br;q=", ASSET_BR },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(asset_coding_choose(str_of(cases[i].header)), cases[i].coding);
}

static void the_language_is_the_most_wanted_of_those_there_are(void **state)
{
	static const struct {
		const char *header, *language;
	} cases[] = {
		{ "", "en" },
		{ "de", "de" },
		{ "DE-at", "de" },
		{ "en-US,en;q=0.9,de;q=0.8", "en" },
		{ "fr-FR,fr;q=0.9,de;q=0.5,en;q=0.4", "de" },
		{ "de;q=0.3,en;q=0.31", "en" },
		{ "de;q=0", "en" },
		{ "den, deu", "en" },
		{ "*", "en" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(asset_language_choose(str_of(cases[i].header)),
				    cases[i].language);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_every_file_is_found),
		cmocka_unit_test(every_file_is_there_as_it_is_and_compressed),
		cmocka_unit_test(pages_are_there_in_both_languages),
		cmocka_unit_test(a_coding_is_taken_only_when_it_is_allowed),
		cmocka_unit_test(the_language_is_the_most_wanted_of_those_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
