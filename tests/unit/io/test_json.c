/*
 * test_json.c - documents in, trees out, and documents out again.
 */
#include "unit/io/io_test.h"

#include "io/json.h"

#include <math.h>

#define DOCUMENT_MAX (4 * MIB)

struct box {
	struct json_parser *parser;
	struct arena arena;
	struct buf out;
};

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof *b);
	err e;
	arena_init(&b->arena, MEMORY_MAX);
	buf_init(&b->out, MEMORY_MAX);
	*state = b;
	return json_parser_new(&b->parser, DOCUMENT_MAX, &e) ? 0 : -1;
}

static int teardown(void **state)
{
	struct box *b = *state;
	json_parser_free(&b->parser);
	json_parser_free(&b->parser);
	arena_fini(&b->arena);
	buf_fini(&b->out);
	free(b);
	return 0;
}

static const struct json *parse(struct box *b, str document)
{
	const struct json *root;
	err e;
	assert_ok(json_parse(b->parser, document, &b->arena, &root, &e), &e);
	return root;
}

static void write_tree(struct json_writer *w, const struct json *node)
{
	switch (node->kind) {
	case JSON_NULL:
		json_put_null(w);
		break;
	case JSON_BOOL:
		json_put_bool(w, node->b);
		break;
	case JSON_INT:
		json_put_int(w, node->i);
		break;
	case JSON_REAL:
		json_put_real(w, node->real);
		break;
	case JSON_TEXT:
		json_put_text(w, node->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT: {
		uint32_t n = 0;
		bool object = node->kind == JSON_OBJECT;
		(object ? json_object_open : json_array_open)(w);
		for (const struct json *c = json_first(node); c; c = json_after(node, c)) {
			if (object)
				json_key(w, c->key);
			else
				assert_int_equal(c->key.n, 0);
			write_tree(w, c);
			n++;
		}
		assert_int_equal(n, node->n);
		(object ? json_object_close : json_array_close)(w);
		break;
	}
	}
}

/* What is read and written again. */
#define assert_round(b, document, pretty, want)                                                    \
	do {                                                                                       \
		struct json_writer w_;                                                             \
		buf_clear(&(b)->out);                                                              \
		json_writer_init(&w_, &(b)->out, pretty);                                          \
		write_tree(&w_, parse((b), (document)));                                           \
		assert_text(buf_view(&(b)->out), want);                                            \
	} while (0)

static void documents_are_read_and_written(void **state)
{
	struct box *b = *state;
	static const struct {
		const char *in;
		const char *out;
	} CASES[] = {
		{ "{}", "{}" },
		{ "[]", "[]" },
		{ " [ [ ] , { } ] ", "[[],{}]" },
		{ "null", "null" },
		{ "true", "true" },
		{ "-0", "0" },
		{ "\"x\"", "\"x\"" },
		{ "{\"a\":1,\"b\":[true,false,null,{\"c\":\"d\"}],\"e\":-1.5}",
		  "{\"a\":1,\"b\":[true,false,null,{\"c\":\"d\"}],\"e\":-1.5}" },
		{ "\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}" },
		{ "{\"\":\"\",\"\":\"\"}", "{\"\":\"\",\"\":\"\"}" },
		{ "\"\\u00e4\\n\\\"\\\\\\/\\ud83d\\ude00\\u0000\"", "\"ä\\n\\\"\\\\/😀\\u0000\"" },
		{ "[[[1],2],3]", "[[[1],2],3]" },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
		assert_round(b, str_of(CASES[i].in), false, CASES[i].out);
}

static void pretty_documents_are_indented(void **state)
{
	struct box *b = *state;
	assert_round(b, S("{\"a\":[1,{\"b\":2}],\"c\":{},\"d\":[]}"), true,
		     "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {},\n"
		     "  \"d\": []\n}");
}

static void integers_are_exact_up_to_64_bits(void **state)
{
	struct box *b = *state;
	const struct json *n = parse(b, S("[9223372036854775807,-9223372036854775808,"
					  "9223372036854775808,18446744073709551616,"
					  "-9223372036854775809,123456789012345678901234567890]"));
	const struct json *c = json_first(n);
	assert_int_equal(c->kind, JSON_INT);
	assert_true(c->i == INT64_MAX);
	c = json_after(n, c);
	assert_int_equal(c->kind, JSON_INT);
	assert_true(c->i == INT64_MIN);
	static const double REALS[] = { 9223372036854775808.0, 18446744073709551616.0,
					-9223372036854775808.0, 1.2345678901234568e29 };
	for (size_t i = 0; i < ARRAY_LEN(REALS); i++) {
		c = json_after(n, c);
		assert_int_equal(c->kind, JSON_REAL);
		assert_true(c->real == REALS[i]);
	}
	assert_null(json_after(n, c));
}

static void reals_are_the_nearest_ones(void **state)
{
	struct box *b = *state;
	static const struct {
		const char *text;
		double want;
	} CASES[] = {
		{ "0.1", 0.1 },
		{ "1e3", 1000 },
		{ "1E-2", 0.01 },
		{ "1.7976931348623157e308", 1.7976931348623157e308 },
		{ "5e-324", 5e-324 },
		{ "1e-400", 0 },
		{ "0e999999999", 0 },
		{ "123456789012345678901234567890.5", 1.2345678901234568e29 },
		{ "0.30000000000000004", 0.30000000000000004 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		const struct json *n = parse(b, str_of(CASES[i].text));
		assert_int_equal(n->kind, JSON_REAL);
		assert_true(n->real == CASES[i].want);
	}
}

static void keys_are_found_and_the_last_one_counts(void **state)
{
	struct box *b = *state;
	const struct json *n = parse(b, S("{\"a\":1,\"b\":{\"a\":\"inner\"},\"a\":\"last\"}"));
	assert_int_equal(n->n, 3);
	assert_text(json_text_of(n, S("a")), "last");
	assert_text(json_text_of(json_get(n, S("b")), S("a")), "inner");
	assert_text(json_text_of(n, S("b")), "");
	assert_text(json_text_of(n, S("none")), "");
	assert_null(json_get(n, S("none")));
	assert_null(json_get(NULL, S("a")));
	assert_null(json_get(json_get(n, S("a")), S("a")));
	assert_null(json_first(json_get(n, S("a"))));
	assert_null(json_first(parse(b, S("[]"))));
}

static void errors_name_the_place(void **state)
{
	struct box *b = *state;
	static const struct {
		const char *document;
		const char *want;
	} CASES[] = {
		{ "", "line 1, column 1: the document is empty" },
		{ "  \n ", "line 1, column 1: the document is empty" },
		{ "{", "line 1, column 2: a key in quotation marks is expected" },
		{ "[1,2", "line 1, column 5: the document ends here, before it is complete" },
		{ "{\"a\":1", "line 1, column 7: the document ends here" },
		{ "{\"a\"", "line 1, column 5: a colon is expected after the key" },
		{ "{\"a\":", "line 1, column 6: the document ends here" },
		{ "{\"a", "line 1, column 2: the text that begins here has no closing" },
		{ "{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: a comma or } is expected" },
		{ "[1 2]", "line 1, column 4: a comma or ] is expected" },
		{ "[1,]", "line 1, column 4: a value is expected" },
		{ "{\"a\":1,}", "line 1, column 8: a key in quotation marks is expected" },
		{ "{a:1}", "line 1, column 2: a key in quotation marks is expected" },
		{ "[1]]", "line 1, column 4: the document has ended before this" },
		{ "{} {}", "line 1, column 4: the document has ended before this" },
		{ "[1}", "line 1, column 3: a comma or ] is expected" },
		{ "nul", "line 1, column 1: a value is expected" },
		{ "[truex]", "line 1, column 6: this does not belong to the value before it" },
		{ "NaN", "line 1, column 1: a value is expected" },
		{ "['a']", "line 1, column 2: a value is expected" },
		{ "01", "line 1, column 1: a number may not begin with 0" },
		{ "-", "line 1, column 2: a digit is expected after the minus" },
		{ "+1", "line 1, column 1: a value is expected" },
		{ "1.", "line 1, column 3: a digit is expected after the point" },
		{ ".5", "line 1, column 1: a value is expected" },
		{ "1e+", "line 1, column 4: a digit is expected in the exponent" },
		{ "0x10", "line 1, column 2: this does not belong to the value before it" },
		{ "[1e400]", "line 1, column 2: this number is too large" },
		{ "-1.8e308", "line 1, column 1: this number is too large" },
		{ "\"a\tb\"", "line 1, column 3: a control character stands in a text" },
		{ "\"\\x\"", "line 1, column 2: there is no such escape" },
		{ "\"\\u12g4\"", "line 1, column 2: four hexadecimal digits" },
		{ "\"\\ud800\"", "line 1, column 2: this \\u escape is half of a surrogate pair" },
		{ "\"\\ude00\"", "line 1, column 2: this \\u escape is half of a surrogate pair" },
		{ "\"\\ud800\\u0041\"", "line 1, column 2: this \\u escape is half" },
		{ "\"ä\xFF\"", "line 1, column 3: these bytes are not UTF-8" },
		{ "\"\xC0\x80\"", "line 1, column 2: these bytes are not UTF-8" },
		{ "\"\xED\xA0\x80\"", "line 1, column 2: these bytes are not UTF-8" },
		{ "\"öö\" x", "line 1, column 6: the document has ended before this" },
		{ "[\"\xC3\"]", "line 1, column 3: these bytes are not UTF-8" },
		{ "[1,\xFF]", "line 1, column 4: a value is expected" },
	};
	const struct json *root = NULL;
	err e;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
		assert_error(json_parse(b->parser, str_of(CASES[i].document), &b->arena, &root, &e),
			     &e, ERR_INVALID, CASES[i].want);
	assert_error(json_parse(b->parser, S("[1,\0]"), &b->arena, &root, &e), &e, ERR_INVALID,
		     "line 1, column 4");
	assert_error(json_parse(b->parser, S("[1]\0"), &b->arena, &root, &e), &e, ERR_INVALID,
		     "line 1, column 4");
	assert_error(json_parse(b->parser, S("\"\0\""), &b->arena, &root, &e), &e, ERR_INVALID,
		     "line 1, column 2");
	assert_null(root);
}

static void a_number_of_any_length_is_read_or_refused(void **state)
{
	struct box *b = *state;
	struct buf digits;
	buf_init(&digits, MIB);
	for (int i = 0; i < 300; i++)
		buf_byte(&digits, '9');
	const struct json *n = parse(b, buf_view(&digits));
	assert_int_equal(n->kind, JSON_REAL);
	assert_true(n->real == 1e300);
	for (int i = 0; i < 9; i++)
		buf_byte(&digits, '9');
	const struct json *root;
	err e;
	assert_error(json_parse(b->parser, buf_view(&digits), &b->arena, &root, &e), &e,
		     ERR_INVALID, "this number is too large");
	/* A million zeros that an exponent takes back. */
	buf_clear(&digits);
	buf_cstr(&digits, "0.");
	for (int i = 0; i < 500000; i++)
		buf_byte(&digits, '0');
	buf_cstr(&digits, "25e500001");
	n = parse(b, buf_view(&digits));
	assert_true(n->real == 2.5);
	/* Nor is the scanner that looks for the place mistaken about them. */
	static const char *const BEFORE[] = { "[0.", "[1", "[-0." };
	static const char *const BEHIND[] = { "25e500001,x]", "e-500000,x]", "9e500300,x]" };
	for (size_t i = 0; i < ARRAY_LEN(BEFORE); i++) {
		buf_clear(&digits);
		buf_cstr(&digits, BEFORE[i]);
		for (int k = 0; k < 500000; k++)
			buf_byte(&digits, '0');
		buf_cstr(&digits, BEHIND[i]);
		assert_error(json_parse(b->parser, buf_view(&digits), &b->arena, &root, &e), &e,
			     ERR_INVALID, "a value is expected");
	}
	buf_fini(&digits);
}

static void nest(struct buf *b, int depth, bool objects, const char *inner)
{
	buf_clear(b);
	for (int i = 0; i < depth; i++)
		buf_cstr(b, !objects ? "[" : i + 1 < depth || *inner ? "{\"k\":" : "{");
	buf_cstr(b, inner);
	for (int i = 0; i < depth; i++)
		buf_byte(b, objects ? '}' : ']');
}

static void depth_is_limited(void **state)
{
	struct box *b = *state;
	struct buf d;
	err e;
	const struct json *root;
	buf_init(&d, MIB);
	for (int i = 0; i < 4; i++) {
		const char *inner = i % 2 ? "1" : "";
		nest(&d, JSON_DEPTH_MAX, i / 2, inner);
		assert_round(b, buf_view(&d), false, (buf_byte(&d, 0), d.p));
		for (int deeper = 1; deeper < 4; deeper++) {
			nest(&d, JSON_DEPTH_MAX + deeper, i / 2, inner);
			assert_error(json_parse(b->parser, buf_view(&d), &b->arena, &root, &e), &e,
				     ERR_LIMIT, "nested deeper than 64 levels");
		}
	}
	nest(&d, 100000, false, "");
	assert_error(json_parse(b->parser, buf_view(&d), &b->arena, &root, &e), &e, ERR_LIMIT,
		     "line 1, column 65: nested deeper than 64 levels");
	buf_fini(&d);
}

static void size_is_limited(void **state)
{
	struct box *b = *state;
	struct buf d;
	err e;
	const struct json *root;
	buf_init(&d, 2 * DOCUMENT_MAX);
	buf_byte(&d, '"');
	while (d.n < DOCUMENT_MAX - 1)
		buf_byte(&d, 'x');
	buf_byte(&d, '"');
	assert_int_equal(parse(b, buf_view(&d))->text.n, DOCUMENT_MAX - 2);
	buf_byte(&d, ' ');
	assert_error(json_parse(b->parser, buf_view(&d), &b->arena, &root, &e), &e, ERR_LIMIT,
		     "at most 4194304 are taken");
	buf_fini(&d);
	struct arena small;
	arena_init(&small, 4 * KIB);
	buf_init(&d, MIB);
	buf_byte(&d, '[');
	for (int i = 0; i < 1000; i++)
		buf_cstr(&d, "1,");
	buf_cstr(&d, "1]");
	assert_error(json_parse(b->parser, buf_view(&d), &small, &root, &e), &e, ERR_LIMIT,
		     "more than the 4 KiB");
	arena_fini(&small);
	buf_fini(&d);
}

static void texts_that_are_not_utf8_are_written_as_such(void **state)
{
	struct box *b = *state;
	struct json_writer w;
	static const struct {
		const char *in;
		const char *out;
	} CASES[] = {
		{ "a\xFFz", "\"a\xEF\xBF\xBDz\"" },
		{ "\xC3", "\"\xEF\xBF\xBD\"" },
		{ "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "ä€😀 and plain text behind them", "\"ä€😀 and plain text behind them\"" },
		{ "12345678\"12345678\\12345678\n\x01\x1f\x7f", "\"12345678\\\"12345678\\\\"
								"12345678\\n\\u0001\\u001f\x7f\"" },
		{ "\b\t\f\r", "\"\\b\\t\\f\\r\"" },
		{ "</script>", "\"</script>\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		buf_clear(&b->out);
		json_writer_init(&w, &b->out, false);
		json_put_text(&w, str_of(CASES[i].in));
		assert_text(buf_view(&b->out), CASES[i].out);
		assert_true(str_is_utf8(buf_view(&b->out)));
	}
}

static void numbers_are_written_exactly(void **state)
{
	struct box *b = *state;
	struct json_writer w;
	json_writer_init(&w, &b->out, false);
	json_array_open(&w);
	json_put_int(&w, INT64_MIN);
	json_put_int(&w, -1);
	json_put_int(&w, 0);
	json_put_uint(&w, UINT64_MAX);
	json_put_real(&w, 0.1);
	json_put_real(&w, 12);
	json_put_real(&w, -0.0);
	json_put_real(&w, 1e300);
	json_put_real(&w, 5e-324);
	json_put_real(&w, NAN);
	json_put_real(&w, -INFINITY);
	json_array_close(&w);
	assert_text(buf_view(&b->out),
		    "[-9223372036854775808,-1,0,18446744073709551615,0.1,12,-0.0,1e+300,5e-324,"
		    "null,null]");
}

static void levels_are_written_up_to_64(void **state)
{
	struct box *b = *state;
	struct json_writer w;
	json_writer_init(&w, &b->out, false);
	for (int i = 0; i < 64; i++) {
		json_array_open(&w);
		json_put_int(&w, 1);
	}
	for (int i = 0; i < 64; i++) {
		json_put_int(&w, 2);
		json_array_close(&w);
	}
	const struct json *n = parse(b, buf_view(&b->out));
	assert_int_equal(n->n, 3);
	assert_int_equal(n->span, 64 * 3);
}

static void no_allocation_that_fails_is_lost(void **state)
{
	(void)state;
	bool ok = false;
	uint64_t n = 1;
	for (; !ok; n++) {
		struct json_parser *p = NULL;
		struct arena a;
		const struct json *root;
		err e = { 0 };
		arena_init(&a, MEMORY_MAX);
		mem_fail_at(n);
		ok = json_parser_new(&p, DOCUMENT_MAX, &e) &&
		     json_parse(p, S("{\"a\":[1,\"text\",12345678901234567890123]}"), &a, &root,
				&e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
		/* What failed once works afterwards. */
		if (p)
			assert_ok(json_parse(p, S("[1,\"text\"]"), &a, &root, &e), &e);
		json_parser_free(&p);
		arena_fini(&a);
	}
	assert_true(n > 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(documents_are_read_and_written),
		TEST(pretty_documents_are_indented),
		TEST(integers_are_exact_up_to_64_bits),
		TEST(reals_are_the_nearest_ones),
		TEST(keys_are_found_and_the_last_one_counts),
		TEST(errors_name_the_place),
		TEST(a_number_of_any_length_is_read_or_refused),
		TEST(depth_is_limited),
		TEST(size_is_limited),
		TEST(texts_that_are_not_utf8_are_written_as_such),
		TEST(numbers_are_written_exactly),
		TEST(levels_are_written_up_to_64),
		cmocka_unit_test(no_allocation_that_fails_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
