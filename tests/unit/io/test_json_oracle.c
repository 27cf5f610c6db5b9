/*
 * test_json_oracle.c - random documents, whole and damaged, against jansson.
 *
 * What it is:   both read the same bytes; both refuse them, or both find the same tree.
 * Promises:     the differences are these and no others: jansson refuses integers beyond 64 bits,
 *               and a NUL in a key.
 */
#include "unit/io/io_test.h"

/* Both call their kinds by the same names; jansson's own macros for them cannot be used then. */
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_REAL   JANSSON_REAL
#define JSON_NULL   JANSSON_NULL
#include <jansson.h>
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_REAL
#undef JSON_NULL

#include "base/rand.h"
#include "io/json.h"

#define DOCUMENTS 3000
#define DAMAGES	  30

struct maker {
	struct rng rng;
	struct buf out;
};

static void make_text(struct maker *m)
{
	static const char *const PARTS[] = { "a",   "key", "\\n",     "\\\"",		"\\u00e4",
					     "ä",   "😀",   "\\u0000", "\\ud83d\\ude00", "\\\\",
					     "\\/", "x y", "€",	      "01234567890123", "" };
	buf_byte(&m->out, '"');
	for (uint64_t n = rng_below(&m->rng, 4); n > 0; n--)
		buf_cstr(&m->out, PARTS[rng_below(&m->rng, ARRAY_LEN(PARTS))]);
	buf_byte(&m->out, '"');
}

static void make_number(struct maker *m)
{
	switch (rng_below(&m->rng, 5)) {
	case 0:
		buf_printf(&m->out, "%lld", (long long)(int64_t)rng_u64(&m->rng));
		break;
	case 1:
		buf_printf(&m->out, "%.17g", rng_normal(&m->rng));
		break;
	case 2:
		buf_printf(&m->out, "%llue%d", (unsigned long long)rng_below(&m->rng, 1000),
			   (int)rng_below(&m->rng, 640) - 330);
		break;
	case 3:
		buf_printf(&m->out, "-%llu.%llu", (unsigned long long)rng_below(&m->rng, 10),
			   (unsigned long long)rng_u64(&m->rng));
		break;
	default:
		buf_printf(&m->out, "%d", (int)rng_below(&m->rng, 100) - 50);
		break;
	}
}

static void make_blanks(struct maker *m)
{
	while (rng_below(&m->rng, 8) == 0)
		buf_byte(&m->out, (uint8_t) " \t\n\r"[rng_below(&m->rng, 4)]);
}

static void make_value(struct maker *m, int depth)
{
	static const char *const WORDS[] = { "true", "false", "null" };
	make_blanks(m);
	uint64_t kind = rng_below(&m->rng, depth < 6 ? 6 : 3);
	if (kind == 0) {
		make_text(m);
	} else if (kind == 1) {
		make_number(m);
	} else if (kind == 2) {
		buf_cstr(&m->out, WORDS[rng_below(&m->rng, 3)]);
	} else {
		bool object = kind == 3;
		buf_byte(&m->out, object ? '{' : '[');
		uint64_t n = rng_below(&m->rng, 5);
		for (uint64_t i = 0; i < n; i++) {
			if (i > 0)
				buf_byte(&m->out, ',');
			make_blanks(m);
			if (object) {
				make_text(m);
				make_blanks(m);
				buf_byte(&m->out, ':');
			}
			make_value(m, depth + 1);
		}
		make_blanks(m);
		buf_byte(&m->out, object ? '}' : ']');
	}
	make_blanks(m);
}

static bool same_tree(const struct json *ours, const json_t *theirs);

static bool same_members(const struct json *ours, const json_t *theirs)
{
	/* Keys given twice: the last one counts for both. */
	size_t distinct = 0;
	for (const struct json *c = json_first(ours); c; c = json_after(ours, c)) {
		const json_t *value = json_object_getn(theirs, c->key.p, c->key.n);
		const struct json *last = json_get(ours, c->key);
		distinct += last == c;
		if (!value || !same_tree(last, value))
			return false;
	}
	return distinct == json_object_size(theirs);
}

static bool same_items(const struct json *ours, const json_t *theirs)
{
	size_t i = 0;
	if (ours->n != json_array_size(theirs))
		return false;
	for (const struct json *c = json_first(ours); c; c = json_after(ours, c)) {
		if (!same_tree(c, json_array_get(theirs, i++)))
			return false;
	}
	return i == ours->n;
}

static bool same_tree(const struct json *ours, const json_t *theirs)
{
	json_type type = json_typeof(theirs);
	switch (ours->kind) {
	case JSON_NULL:
		return type == JANSSON_NULL;
	case JSON_BOOL:
		return type == (ours->b ? JSON_TRUE : JSON_FALSE);
	case JSON_INT:
		return type == JSON_INTEGER && json_integer_value(theirs) == ours->i;
	case JSON_REAL:
		return type == JANSSON_REAL && json_real_value(theirs) == ours->real;
	case JSON_TEXT:
		return type == JSON_STRING &&
		       str_eq(ours->text,
			      (str){ json_string_value(theirs), json_string_length(theirs) });
	case JSON_ARRAY:
		return type == JANSSON_ARRAY && same_items(ours, theirs);
	case JSON_OBJECT:
		return type == JANSSON_OBJECT && same_members(ours, theirs);
	}
	return false;
}

/* True when both say the same about the document. *accepted_r: it is JSON. */
static bool agree(struct json_parser *p, struct arena *a, str document, bool *accepted_r)
{
	err e = { 0 };
	const struct json *ours;
	arena_reset(a);
	*accepted_r = json_parse(p, document, a, &ours, &e);
	json_error_t error;
	json_t *theirs = json_loadb(document.p, document.n, JSON_DECODE_ANY | JSON_ALLOW_NUL,
				    &error);
	bool same = *accepted_r ? theirs && same_tree(ours, theirs) : !theirs;
	static const char *const THEIR_LIMITS[] = { "too big integer", "too big negative integer",
						    "NUL byte in object key" };
	for (size_t i = 0; i < ARRAY_LEN(THEIR_LIMITS) && *accepted_r && !theirs; i++)
		same = same || strstr(error.text, THEIR_LIMITS[i]);
	json_decref(theirs);
	if (!*accepted_r)
		assert_true(strncmp(e.text, "line ", 5) == 0);
	return same;
}

/* No NUL bytes: jansson overlooks one behind a number. */
static void damage(struct maker *m, const struct buf *whole, struct buf *out)
{
	static const char BYTES[] = "[]{}:,\"\\0123456789-+.eE \n\x01\x80\xC3\xFFtfnu";
	buf_clear(out);
	buf_str(out, buf_view(whole));
	size_t at = (size_t)rng_below(&m->rng, out->n);
	switch (rng_below(&m->rng, 4)) {
	case 0:
		out->n = at;
		break;
	case 1:
		out->p[at] = BYTES[rng_below(&m->rng, sizeof BYTES - 1)];
		break;
	case 2:
		memmove(out->p + at, out->p + at + 1, out->n - at - 1);
		out->n--;
		break;
	default:
		buf_byte(out, 0);
		memmove(out->p + at + 1, out->p + at, out->n - at - 1);
		out->p[at] = BYTES[rng_below(&m->rng, sizeof BYTES - 1)];
		break;
	}
}

static void both_find_the_same_tree_or_none(void **state)
{
	(void)state;
	struct maker m;
	struct buf damaged;
	struct arena a;
	struct json_parser *p;
	err e;
	size_t accepted = 0;
	size_t refused = 0;
	rng_init(&m.rng, 20);
	buf_init(&m.out, MEMORY_MAX);
	buf_init(&damaged, MEMORY_MAX);
	arena_init(&a, MEMORY_MAX);
	assert_ok(json_parser_new(&p, MIB, &e), &e);
	for (int i = 0; i < DOCUMENTS; i++) {
		bool ok;
		buf_clear(&m.out);
		make_value(&m, 0);
		if (!agree(p, &a, buf_view(&m.out), &ok))
			fail_msg("%.*s", STR_ARG(buf_view(&m.out)));
		for (int k = 0; k < DAMAGES; k++) {
			damage(&m, &m.out, &damaged);
			if (!agree(p, &a, buf_view(&damaged), &ok))
				fail_msg("damaged, %s: %.*s", ok ? "ours takes it" : "ours refuses",
					 STR_ARG(buf_view(&damaged)));
			accepted += ok;
			refused += !ok;
		}
	}
	/* Both ways are well tried. */
	assert_true(accepted > DOCUMENTS && refused > DOCUMENTS);
	json_parser_free(&p);
	arena_fini(&a);
	buf_fini(&damaged);
	buf_fini(&m.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_find_the_same_tree_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
