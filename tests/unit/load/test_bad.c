/*
 * test_bad.c - files and rows that are wrong: each gets a clear answer, and nothing is lost.
 */
#include "unit/load/load_test.h"

static void a_file_that_is_wrong_as_a_whole_is_refused(void **state)
{
	static const struct {
		const char *content;
		bool people;
		const char *words;
	} CASES[] = {
		{ "", true, "p.csv is empty" },
		{ "\n\n", true, "is empty" },
		{ "email,first_name\n", true, "has a header, but no rows" },
		{ "email,Name,email\na@b.de,x,y\n", true,
		  "columns 1 and 3 are both called \"email\"; give them different names" },
		{ "foo,bar\n1,2\n", false, "the headers do not say what it holds" },
		{ "foo,bar\n1,2\n", true, "no column says who a person is" },
		{ "[{\"email\":\"a@b.de\"}]", true,
		  "this is one JSON array; write one object on each line" },
		{ "email,obtained_at\na@b.de,03/04/2026\n", true,
		  "column \"obtained_at\": its dates can be read with the day or the month first; say which with "
		  "--date-format %d/%m/%Y or %m/%d/%Y" },
	};
	struct loading *l = *state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		l->o.kind_given = CASES[i].people;
		l->o.kind = LOAD_PEOPLE;
		assert_fails(l, try_load(l, "p.csv", CASES[i].content), CASES[i].words);
		assert_int_equal(l->j.imports, 0);
	}
	assert_fails(l, load_path(l, l->dir), "directory");
	assert_fails(l, load_path(l, "no-such-file.csv"), "no-such-file.csv");
	assert_int_equal(l->e.code, ERR_NOT_FOUND);
}

static void another_column_or_an_option_settles_ambiguous_dates(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "email,obtained_at,created_at\na@b.de,03/04/2026,25/12/2025\n");
	assert_has(dump(l), "obtained_at:date=2026-04-03");
	l->o.date_format = "%m/%d/%Y";
	load(l, "q.csv", "email,obtained_at\nb@b.de,03/04/2026\n");
	assert_has(dump(l), "obtained_at:date=2026-03-04");
}

static void a_broken_row_comes_back_with_line_and_reason(void **state)
{
	static const struct {
		const char *row;
		const char *reason;
	} CASES[] = {
		{ "1,a@b.de,x,2025-01-01,extra", "5 fields, but the header has 4" },
		{ "1,a@b.de", "2 fields, but the header has 4" },
		{ "1,a.b.de,x,2025-01-01", "\"\"a.b.de\"\" is no e-mail address" },
		{ "1,a@b.de,x,2025-02-29", "\"\"2025-02-29\"\" is no date" },
		{ "1,a@b.de,x,soon", "\"\"soon\"\" is no date" },
		{ "null,,x,2025-01-01", "what senders write when they have none" },
		{ ",,x,2025-01-01", "does not say who it is about" },
		{ "1,a@b.de,\xFF\xFE,2025-01-01", "" },
	};
	struct loading *l = *state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char text[512];
		snprintf(text, sizeof text,
			 "external_id,email,city,obtained_at\n9,ok@b.de,\xC3\xA4,2025-01-01\n%s\n",
			 CASES[i].row);
		fake_fini(&l->j);
		fake_init(&l->j);
		kind(l, LOAD_PEOPLE);
		load(l, "p.csv", text);
		if (CASES[i].reason[0] == '\0')
			continue; /* which encoding it is, is csv.h's to say */
		counts(l, 2, 1, 0, 1);
		assert_has(rejects(l), "external_id,email,city,obtained_at,line,reason\n");
		assert_has(rejects(l), CASES[i].reason);
		assert_has(rejects(l), ",3,");
		assert_int_equal(l->j.touches.n, 1);
	}
}

static void a_nul_byte_rejects_the_row_alone(void **state)
{
	struct loading *l = *state;
	char path[256];
	snprintf(path, sizeof path, "%s/n.csv", l->dir);
	static const char TEXT[] = "external_id,email\n1,a@b.de\n2,b\0@b.de\n3,c@b.de\n";
	assert_true(fs_write_all(fs_real(), path, str_make(TEXT, sizeof TEXT - 1), &l->e));
	assert_true(load_path(l, path));
	counts(l, 3, 2, 0, 1);
}

static void a_repaired_file_of_rejects_is_imported_as_it_is(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv",
	     "external_id,email,note,when\n1,broken,\"a, =b\",2025-01-01\n2,x@b.de,-,2025-01-02,more\n");
	counts(l, 2, 0, 0, 2);
	const char *text = rejects(l);
	assert_has(text, "1,broken,\"a, =b\",2025-01-01,2,");
	assert_has(text, "2,x@b.de,'-,2025-01-02,3,");
	assert_has(text, ",more\n");
	load(l, "r.csv",
	     "external_id,email,note,when,line,reason\n1,a@b.de,\"a, =b\",2025-01-01,2,\"x\"\n"
	     "2,x@b.de,'-,2025-01-02,3,y\n");
	assert_touches(
		l,
		"person_updated IMPORT external=1 email=a@b.de {note:text=a, =b, when:date=2025-01-01}\n"
		"person_updated IMPORT external=2 email=x@b.de {note:text=-, when:date=2025-01-02}\n");
	/* What stands in it is what the first file would have said. */
	load(l, "s.csv", "external_id,email,note,when\n1,a@b.de,\"a, =b\",2025-01-01\n");
	counts(l, 1, 0, 1, 0);
}

static void rejects_keep_the_delimiter_of_the_file(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "external_id;email;note\n1;broken;\"a;b\"\n2;b@b.de;1,5\n");
	assert_has(rejects(l), "1;broken;\"a;b\";2;");
}

static void what_the_journal_refuses_comes_back_too(void **state)
{
	struct loading *l = *state;
	l->j.reject_name = "stage_entered";
	load(l, "p.csv", "external_id,email,became_mql_at\n1,a@b.de,2025-01-01\n2,b@b.de,\n");
	counts(l, 2, 1, 0, 1);
	assert_has(rejects(l), "1,a@b.de,2025-01-01,2,refused for the test\n");
	assert_int_equal(l->r.touches, 2);
}

static void a_cell_may_be_long_but_not_without_end(void **state)
{
	struct loading *l = *state;
	for (int i = 0; i < 2; i++) {
		struct buf b;
		buf_init(&b, MIB);
		buf_cstr(&b, "external_id,email,note\n1,a@b.de,");
		for (size_t k = 0; k < (i ? 70 : 60) * KIB; k++)
			buf_byte(&b, 'x');
		buf_cstr(&b, "\n2,b@b.de,y\n");
		buf_byte(&b, 0);
		load(l, "p.csv", b.p);
		buf_fini(&b);
		assert_int_equal(l->r.rejected, i);
	}
	assert_has(rejects(l), "a text of 71680 bytes; at most 65536 are kept");
}

static void a_json_line_without_end_is_passed_over(void **state)
{
	struct loading *l = *state;
	struct buf b;
	buf_init(&b, 16 * MIB);
	buf_cstr(&b, "{\"email\":\"a@b.de\",\"x\":\"");
	for (size_t k = 0; k < 5 * MIB; k++)
		buf_byte(&b, 'x');
	buf_cstr(&b, "\"}\n{\"email\":\"b@b.de\"}\n");
	buf_byte(&b, 0);
	kind(l, LOAD_PEOPLE);
	load(l, "p.jsonl", b.p);
	buf_fini(&b);
	counts(l, 2, 1, 0, 1);
	assert_has(rejects(l), "the line is longer than 4 MiB");
}

static void numbers_and_dates_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *cells; /* of one column */
		const char *want;
	} CASES[] = {
		{ "1|2", "c:number=1" },
		{ "-5|+49 30|x", "c:text=-5" },
		{ "1,5|2,25", "c:number=1.5" },
		{ "\"1,234\"|1", "c:number=1234" },
		{ "0049|01", "c:text=0049" },
		{ "123456789012345678901|1", "c:text=123456789012345678901" },
		{ "31.12.2025|01.02.2025", "c:date=2025-12-31" },
		{ "12/31/2025 3:05 PM|01/02/2025 4:00 AM", "c:time=2025-12-31T15:05:00Z" },
		{ "2025-12-31T10:00:00+02:00|2025-12-31", "c:time=2025-12-31T08:00:00Z" },
		{ "\"Dec 31, 2025\"|\"Jan 1, 2025\"", "c:date=2025-12-31" },
		{ "03/04/2026|05/06/2026", "c:text=03/04/2026" },
		{ "yes|no", "c:yes/no=true" },
		{ "1|yes", "c:text=1" },
		{ "a;b|c", "c:list=a;b" },
		{ "$5|EUR 6.5", "c:money=5.00 USD" },
		{ "'=1+1|x", "c:text==1+1" },
		{ "'quoted'|x", "c:text='quoted'" },
	};
	struct loading *l = *state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct buf b;
		buf_init(&b, MIB);
		bool comma = strstr(CASES[i].cells, "1,5") != NULL;
		buf_printf(&b, "external_id%cemail%cc\n", comma ? ';' : ',', comma ? ';' : ',');
		str rest = str_of(CASES[i].cells), cell;
		for (int n = 0; str_next(&rest, '|', &cell); n++)
			buf_printf(&b, "%d%cp%d@b.de%c%.*s\n", n, comma ? ';' : ',', n,
				   comma ? ';' : ',', STR_ARG(cell));
		buf_byte(&b, 0);
		fake_fini(&l->j);
		fake_init(&l->j);
		load(l, "p.csv", b.p);
		buf_fini(&b);
		assert_has(dump(l), CASES[i].want);
	}
}

static void rows_about_nobody_we_can_name_are_rejected(void **state)
{
	struct loading *l = *state;
	load(l, "e.csv",
	     "at,name,user_id\n2025-01-01,a,u\n2025-01-01,b,undefined\n,c,u\n2025-01-01,,u\n");
	counts(l, 4, 1, 0, 3);
	assert_has(rejects(l), "what senders write when they have none");
	assert_has(rejects(l), "the row does not say when it happened");
	assert_has(rejects(l), "it has no name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_is_wrong_as_a_whole_is_refused),
		TEST(another_column_or_an_option_settles_ambiguous_dates),
		TEST(a_broken_row_comes_back_with_line_and_reason),
		TEST(a_nul_byte_rejects_the_row_alone),
		TEST(a_repaired_file_of_rejects_is_imported_as_it_is),
		TEST(rejects_keep_the_delimiter_of_the_file),
		TEST(what_the_journal_refuses_comes_back_too),
		TEST(a_cell_may_be_long_but_not_without_end),
		TEST(a_json_line_without_end_is_passed_over),
		TEST(numbers_and_dates_are_read_as_people_write_them),
		TEST(rows_about_nobody_we_can_name_are_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
