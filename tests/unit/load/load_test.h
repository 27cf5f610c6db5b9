/*
 * load_test.h - what the tests of load/ share.
 *
 * What it is:   a folder of its own, a file by one call, and the touches that came of it as text,
 * one a line, to be compared as a whole: NAME TIME [who: ...] [company: ...] [deal: ...] [from:
 * ...] [key=value; ...]
 */
#ifndef TRICHTER_LOAD_TEST_H
#define TRICHTER_LOAD_TEST_H

#include "load/load.h"

#include "base/time.h"

#include "unit/load/fake_journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct loading {
	char dir[128];
	char path[256];
	struct journal j;
	struct load_options o;
	struct load_result r;
	struct arena a;
	struct buf text;
	err e;
};

static inline void loading_init(struct loading *l)
{
	memset(l, 0, sizeof *l);
	const char *base = getenv("TMPDIR");
	snprintf(l->dir, sizeof l->dir, "%s/load-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(l->dir));
	assert_true(zone_set("UTC", &l->e));
	fake_init(&l->j);
	arena_init(&l->a, 64 * MIB);
	buf_init(&l->text, 16 * MIB);
}

static inline void loading_fini(struct loading *l)
{
	char command[256];
	snprintf(command, sizeof command, "rm -rf '%s'", l->dir);
	assert_int_equal(system(command), 0);
	fake_fini(&l->j);
	buf_fini(&l->text);
	arena_fini(&l->a);
}

static inline const char *put(struct loading *l, const char *name, const char *content)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", l->dir, name);
	if (!fs_write_all(fs_real(), path, str_of(content), &l->e))
		fail_msg("%s", l->e.text);
	snprintf(l->path, sizeof l->path, "%s", path);
	return str_cstr(&l->a, str_of(path));
}

static inline void put_map(struct loading *l, const char *content)
{
	l->o.map_path = put(l, "map.yaml", content);
}

static inline bool load_path(struct loading *l, const char *path)
{
	l->e = (err){ 0 };
	return load_file(l->dir, &l->j, path, &l->o, &l->a, &l->r, &l->e);
}

static inline bool try_load(struct loading *l, const char *name, const char *content)
{
	return load_path(l, put(l, name, content));
}

static inline void load(struct loading *l, const char *name, const char *content)
{
	if (!try_load(l, name, content))
		fail_msg("%s: %s", err_code_name(l->e.code), l->e.text);
}

static inline void kind(struct loading *l, enum load_kind kind)
{
	l->o.kind_given = true;
	l->o.kind = kind;
}

static inline void dump_id(struct buf *b, const char *what, str id)
{
	if (id.n > 0)
		buf_printf(b, " %s=%.*s", what, STR_ARG(id));
}

static inline void dump_external(struct buf *b, const char *what, struct external_id id)
{
	if (id.value.n > 0)
		buf_printf(b, " %s=%.*s%s%.*s", what, STR_ARG(id.system), id.system.n ? ":" : "",
			   STR_ARG(id.value));
}

static inline void dump_touch(struct buf *b, const struct intake *t, int64_t now)
{
	char time[TIME_TEXT_MAX];
	/* The time of the import is that of the test. */
	bool imported = t->at_us > now - 600 * US_PER_S && t->at_us <= now;
	str at = imported ? S("IMPORT") : time_print(time, t->at_us);
	buf_printf(b, "%.*s %.*s", STR_ARG(t->name), STR_ARG(at));
	for (size_t i = 0; i < t->external_n; i++)
		dump_external(b, "external", t->external[i]);
	dump_id(b, "user", t->user_id);
	dump_id(b, "email", t->email);
	dump_id(b, "anonymous", t->anonymous_id);
	dump_id(b, "previous", t->previous_id);
	dump_id(b, "company", t->company_name);
	dump_id(b, "domain", t->company_domain);
	dump_external(b, "company_id", t->company_id);
	dump_external(b, "deal", t->deal_id);
	dump_id(b, "source", t->origin.source);
	dump_id(b, "medium", t->origin.medium);
	dump_id(b, "campaign", t->origin.campaign);
	dump_id(b, "content", t->origin.content);
	dump_id(b, "term", t->origin.term);
	dump_id(b, "referrer", t->origin.referrer);
	dump_id(b, "click", t->origin.click_kind);
	for (size_t i = 0; i < t->props_n; i++) {
		buf_printf(b, "%s%.*s:%s=", i ? ", " : " {", STR_ARG(t->props[i].key),
			   value_kind_name(t->props[i].value.kind));
		value_print(b, t->props[i].value);
	}
	buf_cstr(b, t->props_n ? "}\n" : "\n");
}

static inline const char *dump(struct loading *l)
{
	int64_t now = time_now_us();
	buf_clear(&l->text);
	for (size_t i = 0; i < l->j.touches.n; i++)
		dump_touch(&l->text, &l->j.touches.items[i], now);
	buf_byte(&l->text, 0);
	assert_true(buf_ok(&l->text, &l->e));
	return l->text.p;
}

static inline const char *notes(struct loading *l)
{
	return str_cstr(&l->a, l->r.notes);
}

#define assert_touches(l, want)                                                                    \
	do {                                                                                       \
		const char *got_ = dump(l);                                                        \
		if (strcmp(got_, (want)) != 0)                                                     \
			fail_msg("got\n%swanted\n%s", got_, (want));                               \
	} while (0)

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		if (!strstr(text_, (part)))                                                        \
			fail_msg("\"%s\" does not contain \"%s\"", text_, (part));                 \
	} while (0)

#define assert_fails(l, ok, words)                                                                 \
	do {                                                                                       \
		assert_false(ok);                                                                  \
		assert_has((l)->e.text, words);                                                    \
	} while (0)

/* The rejects file's content. */
static inline const char *rejects(struct loading *l)
{
	struct buf b;
	buf_init(&b, 64 * MIB);
	assert_true(l->r.rejects_path[0] != '\0');
	if (!fs_read_all(fs_real(), l->r.rejects_path, 64 * MIB, &b, &l->e))
		fail_msg("%s", l->e.text);
	const char *text = str_cstr(&l->a, buf_view(&b));
	buf_fini(&b);
	assert_non_null(text);
	return text;
}

#define counts(l, want_read, want_accepted, want_duplicate, want_rejected)                         \
	do {                                                                                       \
		assert_int_equal((l)->r.read, want_read);                                          \
		assert_int_equal((l)->r.accepted, want_accepted);                                  \
		assert_int_equal((l)->r.duplicate, want_duplicate);                                \
		assert_int_equal((l)->r.rejected, want_rejected);                                  \
	} while (0)

static inline int setup(void **state)
{
	static struct loading l;
	loading_init(&l);
	*state = &l;
	return 0;
}

static inline int teardown(void **state)
{
	loading_fini(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
