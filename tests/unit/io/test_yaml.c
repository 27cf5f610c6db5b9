/*
 * test_yaml.c - settings files: texts stay texts, places are right, the rest is refused.
 */
#include "unit/io/io_test.h"

#include "io/yaml.h"

static const struct yaml *parse(struct arena *a, str document)
{
	const struct yaml *root;
	err e;
	assert_ok(yaml_parse(document, a, &root, &e), &e);
	return root;
}

/* Maps as {key: value}, lists as [value], quoted texts in single quotes. */
static void print_tree(struct buf *b, const struct yaml *node)
{
	if (node->kind == YAML_TEXT) {
		buf_cstr(b, node->quoted ? "'" : "");
		buf_str(b, node->text);
		buf_cstr(b, node->quoted ? "'" : "");
		return;
	}
	bool map = node->kind == YAML_MAP;
	buf_byte(b, map ? '{' : '[');
	for (size_t i = 0; i < node->n; i++) {
		buf_cstr(b, i ? ", " : "");
		buf_str(b, node->items[i].key);
		buf_cstr(b, map ? ": " : "");
		print_tree(b, &node->items[i]);
	}
	buf_byte(b, map ? '}' : ']');
}

static void documents_become_trees(void **state)
{
	(void)state;
	static const struct {
		const char *document;
		const char *want;
	} CASES[] = {
		{ "", "{}" },
		{ "# nothing but a comment\n", "{}" },
		{ "---\n...\n", "" },
		{ "a: 1\nb: two\n", "{a: 1, b: two}" },
		{ "a:\n  b:\n    - c\n    - d: e\n      f: g\n", "{a: {b: [c, {d: e, f: g}]}}" },
		{ "{a: [b, c], d: {}}", "{a: [b, c], d: {}}" },
		{ "{\"a\": \"b\", \"c\": [1, null, true]}", "{a: 'b', c: [1, null, true]}" },
		{ "- no\n- NO\n- ~\n- null\n- 0x1F\n- 1_000\n- 2026-01-31\n- .inf\n",
		  "[no, NO, ~, null, 0x1F, 1_000, 2026-01-31, .inf]" },
		{ "a:\nb: ''\nc: \"\"\n", "{a: , b: '', c: ''}" },
		{ "a: 'it''s'\nb: \"tab\\there \\u00e4 \\x41\"\n",
		  "{a: 'it's', b: 'tab\there ä A'}" },
		{ "a: |\n  two\n  lines\nb: >\n  one\n  line\n",
		  "{a: two\nlines\n, b: one line\n}" },
		{ "a: one\n  text # comment\n", "{a: one text}" },
		{ "\xEF\xBB\xBF"
		  "a: b\r\nc: d\r\n",
		  "{a: b, c: d}" },
		{ "Größe: 10 €\n", "{Größe: 10 €}" },
		{ "a: http://x.y/#z\n", "{a: http://x.y/#z}" },
		{ "just text", "just text" },
		{ "<<: {a: b}\n", "{<<: {a: b}}" },
		{ "1: a\n01: b\n", "{1: a, 01: b}" },
	};
	struct arena a;
	struct buf b;
	arena_init(&a, MEMORY_MAX);
	buf_init(&b, KIB);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		buf_clear(&b);
		print_tree(&b, parse(&a, str_of(CASES[i].document)));
		assert_text(buf_view(&b), CASES[i].want);
	}
	buf_fini(&b);
	arena_fini(&a);
}

static void nodes_know_their_place(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	const struct yaml *root = parse(&a, S("# first\nname: ä\nsection:\n  ö: [x, 'y']\n"
					      "  empty:\n"));
	assert_int_equal(root->line, 2);
	const struct yaml *name = yaml_get(root, S("name"));
	assert_int_equal(name->line, 2);
	assert_int_equal(name->column, 7);
	/* A map or a list below a key stands where its key stands. */
	const struct yaml *section = yaml_get(root, S("section"));
	assert_int_equal(section->line, 3);
	assert_int_equal(section->column, 1);
	const struct yaml *list = yaml_get(section, S("ö"));
	assert_int_equal(list->line, 4);
	assert_int_equal(list->column, 3);
	assert_int_equal(list->items[1].line, 4);
	assert_int_equal(list->items[1].column, 10);
	assert_true(list->items[1].quoted);
	const struct yaml *empty = yaml_get(section, S("empty"));
	assert_int_equal(empty->line, 5);
	assert_int_equal(empty->column, 3);
	assert_null(yaml_get(root, S("none")));
	assert_null(yaml_get(name, S("none")));
	assert_null(yaml_get(NULL, S("none")));
	arena_fini(&a);
}

static void what_settings_need_not_have_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *document;
		const char *want;
	} CASES[] = {
		{ "a: &x 1\nb: 2\n", "line 1, column 7: anchors" },
		{ "a: &x [1]\n", "anchors" },
		{ "&x a: 1\n", "anchors" },
		{ "a: &x 1\nb: *x\n", "anchors" },
		{ "a: !!str 1\n", "tags (!name) are not taken here" },
		{ "a: !own {b: c}\n", "tags" },
		{ "a: 1\n---\nb: 2\n", "a second document (---) begins here" },
		{ "a: 1\nb: 2\na: 3\n", "line 3, column 1: \"a\" is given twice, first in line 1" },
		{ "x:\n  - {k: 1, k: 2}\n", "line 2, column 12: \"k\" is given twice" },
		{ "? [a, b]\n: c\n", "a key is to be a text" },
		{ "{{a: b}: c}", "a key is to be a text" },
		{ "a: [1, 2\n", "line 2, column 1" },
		{ "a: b: c\n", "line 1, column " },
		{ "a: \"b\n", "line " },
		{ "a: b\n c: d\n", "line 1, column 4" },
		{ "a:\n\t- b\n", "line 2" },
		{ "%YAML 9.9\n---\na: b\n", "line 1" },
		{ "a: b\n\x01", "line 2, column 1: a control character" },
		{ "a: \xFF\n", "line 1, column 4: these bytes are not UTF-8" },
		{ "a: *none\n", "aliases" },
	};
	struct arena a;
	arena_init(&a, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		const struct yaml *root;
		err e;
		assert_error(yaml_parse(str_of(CASES[i].document), &a, &root, &e), &e, ERR_INVALID,
			     CASES[i].want);
	}
	const struct yaml *root;
	err e;
	assert_error(yaml_parse(S("a: \0b\n"), &a, &root, &e), &e, ERR_INVALID,
		     "line 1, column 4: a control character");
	arena_fini(&a);
}

static void keys_given_twice_are_found_among_many(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	const struct yaml *root;
	err e;
	arena_init(&a, MEMORY_MAX);
	for (int n = 1; n < 60; n++) {
		for (int twice = 0; twice < n; twice += 7) {
			buf_init(&b, MIB);
			for (int i = 0; i < n; i++)
				buf_printf(&b, "key%d: %d\n", i, i);
			assert_int_equal(parse(&a, buf_view(&b))->n, n);
			buf_printf(&b, "key%d: x\n", twice);
			assert_error(yaml_parse(buf_view(&b), &a, &root, &e), &e, ERR_INVALID,
				     "is given twice");
			buf_fini(&b);
		}
	}
	/* And their number is no burden. */
	buf_init(&b, MIB);
	for (int i = 0; i < 80000; i++)
		buf_printf(&b, "k%d: v\n", i);
	assert_int_equal(parse(&a, buf_view(&b))->n, 80000);
	buf_fini(&b);
	arena_fini(&a);
}

static void depth_and_size_are_limited(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	const struct yaml *root;
	err e;
	arena_init(&a, MEMORY_MAX);
	buf_init(&b, 2 * MIB);
	for (int depth = YAML_DEPTH_MAX; depth < YAML_DEPTH_MAX + 2; depth++) {
		buf_clear(&b);
		for (int i = 0; i < depth; i++)
			buf_byte(&b, '[');
		for (int i = 0; i < depth; i++)
			buf_byte(&b, ']');
		if (depth == YAML_DEPTH_MAX)
			parse(&a, buf_view(&b));
		else
			assert_error(yaml_parse(buf_view(&b), &a, &root, &e), &e, ERR_LIMIT,
				     "line 1, column 33: nested deeper than 32 levels");
	}
	buf_clear(&b);
	while (b.n < YAML_BYTES_MAX)
		buf_cstr(&b, "#  64 bytes of comment make a megabyte soon enough, don't they?\n");
	parse(&a, buf_view(&b));
	buf_byte(&b, '\n');
	assert_error(yaml_parse(buf_view(&b), &a, &root, &e), &e, ERR_LIMIT,
		     "1048577 bytes; at most 1048576");
	buf_fini(&b);
	struct arena small;
	arena_init(&small, 4 * KIB);
	buf_init(&b, MIB);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "- item %d\n", i);
	assert_error(yaml_parse(buf_view(&b), &small, &root, &e), &e, ERR_LIMIT, "4 KiB");
	buf_fini(&b);
	arena_fini(&small);
	arena_fini(&a);
}

static void no_allocation_that_fails_is_lost(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, MIB);
	buf_cstr(&b, "list: [a, b]\n");
	for (int i = 0; i < 40; i++)
		buf_printf(&b, "key%d: {x: y}\n", i);
	bool ok = false;
	uint64_t n = 1;
	for (; !ok; n++) {
		struct arena a;
		const struct yaml *root;
		err e = { 0 };
		arena_init(&a, MEMORY_MAX);
		mem_fail_at(n);
		ok = yaml_parse(buf_view(&b), &a, &root, &e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
		arena_fini(&a);
	}
	assert_true(n > 5);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_become_trees),
		cmocka_unit_test(nodes_know_their_place),
		cmocka_unit_test(what_settings_need_not_have_is_refused),
		cmocka_unit_test(keys_given_twice_are_found_among_many),
		cmocka_unit_test(depth_and_size_are_limited),
		cmocka_unit_test(no_allocation_that_fails_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
