/*
 * test_csv.c - tables as they come: RFC 4180, encodings, delimiters, headers; and writing.
 */
#include "unit/io/csv_test.h"

#include "base/rand.h"

static void rows_and_fields_are_read(void **state)
{
	(void)state;
	assert_rows("a,b,c\n1,2,3\n", ',', "1:a|b|c\n2:1|2|3\n");
	assert_rows("a,b\r\n1,2\r\n", ',', "1:a|b\n2:1|2\n");
	assert_rows("a,b\r1,2\r", ',', "1:a|b\n2:1|2\n");
	assert_rows("a,b\n1,2", ',', "1:a|b\n2:1|2\n");
	assert_rows("a,,\n,,\n", ',', "1:a||\n2:||\n");
	assert_rows("one\ntwo\n", ',', "1:one\n2:two\n");
}

static void quoted_fields_may_hold_anything(void **state)
{
	(void)state;
	assert_rows("\"a,b\",\"say \"\"hi\"\"\",\"\"\n", ',', "1:a,b|say \"hi\"|\n");
	assert_rows("\"two\nlines\",x\r\n\"and\r\nmore\",y\n", ',',
		    "1:two\nlines|x\n3:and\r\nmore|y\n");
	assert_rows("\"\"\n\"a\"\r\n", ',', "1:\n2:a\n");
	assert_rows("x,\"end\"", ',', "1:x|end\n");
}

static void blanks_belong_to_the_field(void **state)
{
	(void)state;
	assert_rows(" a , b\t,\" c \"\n", ',', "1: a | b\t| c \n");
	assert_rows("  \n", ',', "1:  \n");
}

static void a_mark_inside_an_unquoted_field_is_text(void **state)
{
	(void)state;
	assert_rows("5\" pipe,12\"\n a\"b\"\"c,\n", ',', "1:5\" pipe|12\"\n2: a\"b\"\"c|\n");
}

static void blank_lines_are_no_rows_but_count_as_lines(void **state)
{
	(void)state;
	assert_rows("\n\na,b\n\r\n\n1,2\n\n", ',', "3:a|b\n6:1|2\n");
	assert_rows("", ',', "");
	assert_rows("\n", ',', "");
	assert_rows("\xEF\xBB\xBF", ',', "");
}

static void a_row_knows_the_line_on_which_it_began(void **state)
{
	(void)state;
	assert_rows("a\n\"1\n2\r\n3\r4\"\nb\rc\r\nd", ',', "1:a\n2:1\n2\r\n3\r4\n6:b\n7:c\n8:d\n");
}

static void ragged_rows_are_delivered_as_they_are(void **state)
{
	(void)state;
	assert_rows("a,b,c\n1\n1,2,3,4\n", ',', "1:a|b|c\n2:1\n3:1|2|3|4\n");
}

static void delimiters_are_recognised(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		char want;
	} CASES[] = {
		{ "a,b\n1,2\n", ',' },
		{ "a;b\n1,5;2,5\n", ';' },
		{ "a\tb\n1\t2\n", '\t' },
		{ "a|b|c\n1|2|3\n", '|' },
		{ "name;amount, EUR;when\nx;1,5;y\nz;2,5;w\n", ';' },
		{ "name,tags\nx,a;b;c\ny,d;e\n", ',' },
		{ "\"a;1\",\"b;2\"\n\"c;3\",\"d;4\"\n", ',' },
		{ "a,b\n\"x;y\n;;\",1\n", ',' },
		{ "only one column\nnothing else\n", ',' },
		{ "Last, First;Company\n\"Doe, J\";\"X, Inc\"\nA, B;Y\n", ';' },
		{ "a;b;c", ';' },
		{ "", ',' },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct fs *fs = fs_sim_new(1);
		struct csv_reader *r = open_table(fs, CASES[i].text, strlen(CASES[i].text),
						  (struct csv_options){ 0 });
		if (csv_delimiter(r) != CASES[i].want)
			fail_msg("case %zu: '%c'", i, csv_delimiter(r));
		csv_close(&r);
		fs_sim_free(&fs);
	}
	assert_rows("a;b\n1;2\n", ',', "1:a;b\n2:1;2\n");
}

static void a_line_that_names_the_delimiter_is_obeyed(void **state)
{
	(void)state;
	assert_rows("sep=;\na,x;b\n1,2;3\n", 0, "2:a,x|b\n3:1,2|3\n");
	assert_rows("\"SEP=|\"\r\na,x|b,y\r\n", 0, "2:a,x|b,y\n");
	assert_rows("sep=x\na\n", 0, "1:sep=x\n2:a\n");
	assert_rows("sep=;", 0, "1:sep=|\n");
}

static void encodings_are_recognised(void **state)
{
	(void)state;
#define TEXT(lit) lit, sizeof(lit) - 1
	static const struct {
		const char *bytes;
		size_t n;
		const char *encoding;
		const char *want;
	} CASES[] = {
		{ TEXT("n\xC3\xA4me,x\n"), "UTF-8", "1:näme|x\n" },
		{ TEXT("\xEF\xBB\xBFn\xC3\xA4me,x\n"), "UTF-8", "1:näme|x\n" },
		{ TEXT("plain,x\n"), "UTF-8", "1:plain|x\n" },
		{ TEXT("M\xFCller,\x80 5,\x93q\x94\n"), "Windows-1252", "1:Müller|€ 5|“q”\n" },
		{ TEXT("a\x81,b\xFF\n"), "Windows-1252", "1:a\xC2\x81|bÿ\n" },
		{ TEXT("\xFF\xFEn\0\xE4\0,\0x\0\n\0"), "UTF-16LE", "1:nä|x\n" },
		{ TEXT("\xFE\xFF\0n\0\xE4\0,\0x\0\n"), "UTF-16BE", "1:nä|x\n" },
		{ TEXT("n\0a\0,\0x\0\n\0"), "UTF-16LE", "1:na|x\n" },
		{ TEXT("\0n\0a\0,\0x\0\r\0\n"), "UTF-16BE", "1:na|x\n" },
		{ TEXT("\xFF\xFE\x3D\xD8\x00\xDE,\0\xAC\x20\n\0"), "UTF-16LE", "1:😀|€\n" },
	};
#undef TEXT
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		struct fs *fs = fs_sim_new(1);
		struct buf out;
		buf_init(&out, KIB);
		struct csv_reader *r = open_table(fs, CASES[i].bytes, CASES[i].n,
						  (struct csv_options){ 0 });
		assert_string_equal(csv_encoding(r), CASES[i].encoding);
		read_rows(r, &out);
		assert_text(buf_view(&out), CASES[i].want);
		buf_fini(&out);
		csv_close(&r);
		fs_sim_free(&fs);
	}
}

static void a_header_is_read_as_it_stands(void **state)
{
	(void)state;
	static const char TABLE[] = "\nName,name,,\"two\nlines\"\n1,2,3,4\n";
	struct fs *fs = fs_sim_new(1);
	struct csv_reader *r = open_table(fs, TABLE, sizeof TABLE - 1,
					  (struct csv_options){ .has_header = true });
	struct buf out;
	size_t n;
	buf_init(&out, KIB);
	read_rows(r, &out);
	assert_text(buf_view(&out), "4:1|2|3|4\n");
	const str *header = csv_header(r, &n);
	assert_int_equal(n, 4);
	assert_text(header[0], "Name");
	assert_text(header[1], "name");
	assert_text(header[2], "");
	assert_text(header[3], "two\nlines");
	csv_close(&r);
	r = open_table(fs, "", 0, (struct csv_options){ .has_header = true });
	assert_non_null(r);
	csv_header(r, &n);
	assert_int_equal(n, 0);
	buf_clear(&out);
	read_rows(r, &out);
	assert_int_equal(out.n, 0);
	csv_close(&r);
	buf_fini(&out);
	fs_sim_free(&fs);
}

/* Rows and line ends fall on every place of the reader's chunks. */
static void chunks_leave_no_trace(void **state)
{
	(void)state;
	static const char *const LINE[] = { "a,\"b\r\nc\",\xC3\xA4\r\n", "x\r", "\"\"\"\",y\n" };
	static const char *const WANT[] = { ":a|b\r\nc|ä\n", ":x\n", ":\"|y\n" };
	static const int LINES[] = { 2, 1, 1 };
	struct fs *fs = fs_sim_new(1);
	struct rng rng;
	rng_init(&rng, 5);
	struct buf table, want, out;
	buf_init(&table, 8 * MIB);
	buf_init(&want, 8 * MIB);
	buf_init(&out, 8 * MIB);
	for (int line = 1; table.n < MIB;) {
		size_t k = (size_t)rng_below(&rng, 3);
		buf_cstr(&table, LINE[k]);
		buf_printf(&want, "%d%s", line, WANT[k]);
		line += LINES[k];
	}
	struct csv_reader *r = open_table(fs, table.p, table.n,
					  (struct csv_options){ .delimiter = ',' });
	read_rows(r, &out);
	assert_true(str_eq(buf_view(&out), buf_view(&want)));
	csv_close(&r);
	/* The same in UTF-16. */
	struct buf wide;
	buf_init(&wide, 8 * MIB);
	buf_put(&wide, "\xFF\xFE", 2);
	for (size_t i = 0; i < table.n; i++) {
		bool umlaut = table.p[i] == '\xC3';
		buf_byte(&wide, umlaut ? 0xE4 : (uint8_t)table.p[i]);
		buf_byte(&wide, 0);
		i += umlaut;
	}
	r = open_table(fs, wide.p, wide.n, (struct csv_options){ .delimiter = ',' });
	assert_string_equal(csv_encoding(r), "UTF-16LE");
	buf_clear(&out);
	read_rows(r, &out);
	assert_true(str_eq(buf_view(&out), buf_view(&want)));
	csv_close(&r);
	buf_fini(&wide);
	buf_fini(&table);
	buf_fini(&want);
	buf_fini(&out);
	fs_sim_free(&fs);
}

/* What ends a line may fall on the border of what the reader holds of it. */
static void a_long_line_may_end_anywhere_in_a_chunk(void **state)
{
	(void)state;
	static const char *const ENDS[] = { "\r\n", "\r", "\n" };
	for (size_t i = 0; i < 6 * ARRAY_LEN(ENDS); i++) {
		size_t length = 256 * KIB - 3 + i / ARRAY_LEN(ENDS);
		struct buf table;
		buf_init(&table, MIB);
		char *room = buf_room(&table, length);
		memset(room, 'x', length);
		table.n = length;
		buf_cstr(&table, ENDS[i % ARRAY_LEN(ENDS)]);
		buf_cstr(&table, "b,c");
		struct fs *fs = fs_sim_new(1);
		struct csv_reader *r = open_table(fs, table.p, table.n,
						  (struct csv_options){ .delimiter = ',' });
		struct csv_row row;
		bool more;
		err e;
		assert_ok(csv_next(r, &row, &more, &e), &e);
		assert_int_equal(row.fields[0].n, length);
		assert_ok(csv_next(r, &row, &more, &e), &e);
		assert_int_equal(row.n, 2);
		assert_int_equal(row.line, 2);
		csv_close(&r);
		fs_sim_free(&fs);
		buf_fini(&table);
	}
}

static void fields_are_quoted_where_needed(void **state)
{
	(void)state;
	static const struct {
		const char *field;
		const char *plain;
		const char *safe;
	} CASES[] = {
		{ "", "", "" },
		{ "word", "word", "word" },
		{ "a,b", "\"a,b\"", "\"a,b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"", "\"say \"\"hi\"\"\"" },
		{ "\"", "\"\"\"\"", "\"\"\"\"" },
		{ "two\nlines", "\"two\nlines\"", "\"two\nlines\"" },
		{ " a", "\" a\"", "\" a\"" },
		{ "=1+1", "=1+1", "'=1+1" },
		{ "-5", "-5", "'-5" },
		{ "@x", "@x", "'@x" },
		{ "+49,5", "\"+49,5\"", "\"'+49,5\"" },
		{ "\tx", "\"\tx\"", "\"'\tx\"" },
		{ "a=b", "a=b", "a=b" },
	};
	struct buf b;
	buf_init(&b, KIB);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		buf_clear(&b);
		csv_put_field(&b, str_of(CASES[i].field), false);
		assert_text(buf_view(&b), CASES[i].plain);
		buf_clear(&b);
		csv_put_field(&b, str_of(CASES[i].field), true);
		assert_text(buf_view(&b), CASES[i].safe);
	}
	buf_fini(&b);
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	static const char MARKS[] = "a,\"\n\r; \t|'=x";
	struct rng rng;
	rng_init(&rng, 11);
	struct buf table, want, out;
	buf_init(&table, MIB);
	buf_init(&want, MIB);
	buf_init(&out, MIB);
	for (int row = 0; row < 500; row++) {
		for (int i = 0; i < 3; i++) {
			char field[8];
			size_t n = (size_t)rng_below(&rng, sizeof field);
			for (size_t k = 0; k < n; k++)
				field[k] = MARKS[rng_below(&rng, sizeof MARKS - 1)];
			buf_cstr(&table, i ? "," : "");
			csv_put_field(&table, (str){ field, n }, false);
			buf_put(&want, field, n);
			buf_byte(&want, 0);
		}
		buf_byte(&table, '\n');
	}
	struct fs *fs = fs_sim_new(1);
	struct csv_reader *r = open_table(fs, table.p, table.n,
					  (struct csv_options){ .delimiter = ',' });
	for (;;) {
		struct csv_row row;
		bool more;
		err e;
		assert_ok(csv_next(r, &row, &more, &e), &e);
		if (!more)
			break;
		assert_int_equal(row.problem.n, 0);
		for (size_t i = 0; i < row.n; i++) {
			buf_str(&out, row.fields[i]);
			buf_byte(&out, 0);
		}
	}
	assert_true(str_eq(buf_view(&out), buf_view(&want)));
	csv_close(&r);
	fs_sim_free(&fs);
	buf_fini(&table);
	buf_fini(&want);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_fields_are_read),
		cmocka_unit_test(quoted_fields_may_hold_anything),
		cmocka_unit_test(blanks_belong_to_the_field),
		cmocka_unit_test(a_mark_inside_an_unquoted_field_is_text),
		cmocka_unit_test(blank_lines_are_no_rows_but_count_as_lines),
		cmocka_unit_test(a_row_knows_the_line_on_which_it_began),
		cmocka_unit_test(ragged_rows_are_delivered_as_they_are),
		cmocka_unit_test(delimiters_are_recognised),
		cmocka_unit_test(a_line_that_names_the_delimiter_is_obeyed),
		cmocka_unit_test(encodings_are_recognised),
		cmocka_unit_test(a_header_is_read_as_it_stands),
		cmocka_unit_test(chunks_leave_no_trace),
		cmocka_unit_test(a_long_line_may_end_anywhere_in_a_chunk),
		cmocka_unit_test(fields_are_quoted_where_needed),
		cmocka_unit_test(what_is_written_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
