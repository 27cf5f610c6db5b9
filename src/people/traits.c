/*
 * traits.c - which keys people, companies and deals have had values for.
 *
 * What it is:   the names that the rule language knows and suggests; one row in the ledger, written
 * in the commit in which a name is first seen. Promises:     at most TRAITS_MAX names; values under
 * further names are kept, only not suggested.
 */
#include "people/people_int.h"

enum { META_TRAITS = 20 };

static const char LETTERS[] = { 'p', 'c', 'd' };

static bool add(struct people *p, str name, err *e)
{
	struct traits *t = &p->traits;
	str kept = str_dup(&t->texts, name);
	if (!kept.p)
		return arena_err(&t->texts, e);
	return (vec_push(&t->names, kept) && map_put(&t->numbers, kept, 1)) || err_nomem(e);
}

bool traits_note(struct people *p, enum entity about, str key, err *e)
{
	char room[256];
	uint64_t ignored;
	if (key.n + 2 > sizeof room || p->traits.names.n >= TRAITS_MAX)
		return true;
	struct buf b = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	buf_byte(&b, (uint8_t)LETTERS[about]);
	buf_byte(&b, ':');
	buf_str(&b, key);
	if (map_get(&p->traits.numbers, buf_view(&b), &ignored))
		return true;
	p->traits.dirty = true;
	return add(p, buf_view(&b), e);
}

bool traits_changes(struct people *p, struct writeback *wb, err *e)
{
	if (!p->traits.dirty)
		return true;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, 4 * MIB);
	for (size_t i = 0; i < p->traits.names.n; i++)
		buf_lenstr(&b, p->traits.names.items[i]);
	struct ledger_change c = { .table = LEDGER_META, .key = META_TRAITS };
	c.value = str_dup(wb->arena, buf_view(&b));
	if (!buf_ok(&b, e))
		return false;
	if (!c.value.p)
		return arena_err(wb->arena, e);
	p->traits.dirty = false;
	return vec_push(&wb->changes, c) || err_nomem(e);
}

bool traits_open(struct people *p, const struct hooks_env *env, err *e)
{
	arena_init(&p->traits.texts, 8 * MIB);
	if (env->empty)
		return true;
	static const uint64_t KEY = META_TRAITS;
	struct arena a CLEANUP(arena_fini);
	arena_init(&a, 8 * MIB);
	str bytes;
	if (!ledger_load(p->ledger, LEDGER_META, &KEY, 1, &a, &bytes, e))
		return false;
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	while (bytes.n && r.p < r.end && !r.bad) {
		str name = reader_lenstr(&r);
		if (!r.bad && !add(p, name, e))
			return false;
	}
	return !r.bad || err_set(e, ERR_CORRUPT, "the list of traits cannot be read");
}

void traits_close(struct people *p)
{
	map_fini(&p->traits.numbers);
	vec_free(&p->traits.names);
	arena_fini(&p->traits.texts);
}
