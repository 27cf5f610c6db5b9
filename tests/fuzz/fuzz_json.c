/*
 * fuzz_json.c - any bytes as a JSON document.
 *
 * What it is:   parses; what is accepted is written and parsed again; what is refused must have a
 *               place. The scanner that finds places must agree with simdjson.
 */
#include "fuzz/replay.h"

#include "io/json.h"
#include "io/json_int.h"

#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX (1 << 20)

static void write_tree(struct json_writer *w, const struct json *node)
{
	switch (node->kind) {
	case JSON_NULL:
		json_put_null(w);
		return;
	case JSON_BOOL:
		json_put_bool(w, node->b);
		return;
	case JSON_INT:
		json_put_int(w, node->i);
		return;
	case JSON_REAL:
		json_put_real(w, node->real);
		return;
	case JSON_TEXT:
		CHECK(str_is_utf8(node->text));
		json_put_text(w, node->text);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	bool object = node->kind == JSON_OBJECT;
	(object ? json_object_open : json_array_open)(w);
	uint32_t n = 0;
	for (const struct json *c = json_first(node); c; c = json_after(node, c), n++) {
		if (object) {
			json_key(w, c->key);
			CHECK(json_get(node, c->key) != NULL);
		}
		write_tree(w, c);
	}
	CHECK(n == node->n);
	(object ? json_object_close : json_array_close)(w);
}

static void write_document(struct buf *out, const struct json *root, bool pretty)
{
	struct json_writer w;
	err e;
	buf_init(out, 64 * MIB);
	json_writer_init(&w, out, pretty);
	write_tree(&w, root);
	CHECK(buf_ok(out, &e));
	CHECK(str_is_utf8(buf_view(out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	str document = { (const char *)data, n };
	struct json_parser *p;
	struct arena a;
	const struct json *root;
	err e = { 0 };
	arena_init(&a, 256 * MIB);
	CHECK(json_parser_new(&p, DOCUMENT_MAX, &e));
	bool ok = json_parse(p, document, &a, &root, &e);
	if (ok) {
		struct buf once, twice, pretty;
		size_t wide;
		bool mark = str_starts(document, str_of("\xEF\xBB\xBF"));
		CHECK(json_check(str_sub(document, mark ? 3 : 0, n), &wide, &e));
		write_document(&once, root, false);
		write_document(&pretty, root, true);
		CHECK(json_parse(p, buf_view(&pretty), &a, &root, &e));
		write_document(&twice, root, false);
		CHECK(str_eq(buf_view(&once), buf_view(&twice)));
		buf_fini(&once);
		buf_fini(&twice);
		buf_fini(&pretty);
	} else if (n <= DOCUMENT_MAX) {
		CHECK(strncmp(e.text, "line ", 5) == 0);
	}
	json_parser_free(&p);
	arena_fini(&a);
	return 0;
}
