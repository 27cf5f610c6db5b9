/*
 * fuzz_message.c - any bytes as a message of Segment's API, or as a batch of them.
 *
 * What it is:   what a write key sends, read from memory. What comes out keeps what message.h
 *               promises: no reserved name, nothing over a limit, an id, a time that exists.
 */
#include "fuzz/replay.h"

#include "base/time.h"
#include "load/message.h"
#include "people/people.h"

#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX (512 * KIB)
#define RECEIVED_US  (INT64_C(1767225600) * US_PER_S)

static struct json_parser *parser;
static struct arena arena;

static bool is_of_an_update(str name)
{
	return str_eq(name, S("person_updated")) || str_eq(name, S("company_updated")) ||
	       str_eq(name, S("person_identified"));
}

static void check_touch(const struct intake *t)
{
	CHECK(t->name.n > 0 && t->name.n <= MESSAGE_PUBLIC_NAME_BYTES_MAX);
	CHECK(is_of_an_update(t->name) || !people_name_is_reserved(t->name));
	CHECK(t->props_n <= MESSAGE_PUBLIC_PROPS_MAX);
	CHECK(t->anonymous_id.n <= MESSAGE_PUBLIC_ID_BYTES_MAX);
	CHECK(t->user_id.n <= MESSAGE_PUBLIC_ID_BYTES_MAX);
	CHECK(t->at_us >= TIME_MIN_US && t->at_us <= TIME_MAX_US);
	for (size_t i = 0; i < t->props_n; i++) {
		CHECK(t->props[i].key.n > 0 && t->props[i].key.n <= MESSAGE_PUBLIC_KEY_BYTES_MAX);
		if (t->props[i].value.kind == VALUE_TEXT)
			CHECK(memchr(t->props[i].value.text.p, 0, t->props[i].value.text.n) ==
			      NULL);
	}
}

static void read_one(struct message_reader *r, const struct json *message)
{
	struct intake t;
	bool ok = false;
	err e = { 0 };
	if (!message_read(r, message, &t, &ok, &e)) {
		CHECK(r->arena->over);
		return;
	}
	CHECK(ok == (r->fault == NULL));
	if (!ok)
		return;
	check_touch(&t);
	enum message_mark mark = message_is_bot(r->user_agent) ? MARK_BOT : MARK_NONE;
	if (!message_mark(r, &t, mark, &e))
		CHECK(r->arena->over);
	else if (mark)
		CHECK(t.user_id.n + t.anonymous_id.n + t.email.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json *root;
	err e = { 0 };
	if (size > DOCUMENT_MAX)
		return 0;
	if (!parser) {
		arena_init(&arena, 64 * MIB);
		CHECK(json_parser_new(&parser, DOCUMENT_MAX, &e));
	}
	arena_reset(&arena);
	if (!json_parse(parser, str_make((const char *)data, size), &arena, &root, &e))
		return 0;
	struct message_reader r = { .arena = &arena,
				    .keeps_json = true,
				    .is_public = true,
				    .received_us = RECEIVED_US,
				    .props = ARENA_ARRAY(&arena, struct prop, TOUCH_PROPS_MAX) };
	if (!r.props)
		return 0;
	const struct json *batch = root->kind == JSON_OBJECT ? json_get(root, S("batch")) : NULL;
	if (!batch || batch->kind != JSON_ARRAY) {
		read_one(&r, root);
		return 0;
	}
	r.body = root;
	for (const struct json *m = json_first(batch); m; m = json_after(batch, m))
		read_one(&r, m);
	return 0;
}
