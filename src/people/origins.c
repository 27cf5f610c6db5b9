/*
 * origins.c - the different sources that touches came through, numbered.
 *
 * What it is:   counts keep a number instead of seven texts. A new origin is written in the very
 *               commit in which it is first counted, so numbers on disk always mean something.
 * Promises:     at most ORIGINS_MAX different ones; further ones count without a source.
 * Threads:      as the people that own it.
 */
#include "people/people_int.h"

#include "journal/channel.h"

#define ORIGIN_FIELDS	       7
#define ORIGIN_TEXTS_BYTES_MAX (512 * MIB)
#define ORIGIN_FIELD_BYTES_MAX 512

static void fields_of(const struct origin *o, str fields[ORIGIN_FIELDS])
{
	const str all[ORIGIN_FIELDS] = { o->source, o->medium,	 o->campaign,  o->content,
					 o->term,   o->referrer, o->click_kind };
	for (size_t i = 0; i < ORIGIN_FIELDS; i++)
		fields[i] = str_sub(all[i], 0, ORIGIN_FIELD_BYTES_MAX);
}

static void encode(struct buf *b, const struct origin *o)
{
	str fields[ORIGIN_FIELDS];
	fields_of(o, fields);
	for (size_t i = 0; i < ORIGIN_FIELDS; i++)
		buf_lenstr(b, fields[i]);
}

static void decode(str bytes, struct origin *o, bool *bad_r)
{
	struct reader r;
	reader_init(&r, bytes.p, bytes.n);
	o->source = reader_lenstr(&r);
	o->medium = reader_lenstr(&r);
	o->campaign = reader_lenstr(&r);
	o->content = reader_lenstr(&r);
	o->term = reader_lenstr(&r);
	o->referrer = reader_lenstr(&r);
	o->click_kind = reader_lenstr(&r);
	*bad_r = r.bad;
}

static bool add(struct people *p, str bytes, err *e)
{
	struct origins *o = &p->origins;
	str kept = str_dup(&o->texts, bytes);
	if (!kept.p)
		return arena_err(&o->texts, e);
	struct origin origin;
	bool bad;
	decode(kept, &origin, &bad);
	if (bad)
		return err_set(e, ERR_CORRUPT, "source %zu cannot be read", o->list.n + 1);
	if (!vec_reserve(&o->channels, o->list.n + 1) || !vec_push(&o->list, origin))
		return err_nomem(e);
	o->channels.items[o->list.n - 1] = channel_of(&origin);
	o->channels.n = o->list.n;
	if (!map_put(&o->numbers, kept, o->list.n)) {
		o->channels.n = --o->list.n;
		return err_nomem(e);
	}
	return true;
}

bool origins_number(struct people *p, const struct origin *origin, uint32_t *number_r, err *e)
{
	struct origins *o = &p->origins;
	*number_r = 0;
	if (!(origin->source.n | origin->medium.n | origin->campaign.n | origin->content.n |
	      origin->term.n | origin->referrer.n | origin->click_kind.n))
		return true;
	char room[ORIGIN_FIELDS * (ORIGIN_FIELD_BYTES_MAX + 2)];
	struct buf b = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };
	encode(&b, origin);
	uint64_t number;
	if (!map_get(&o->numbers, buf_view(&b), &number)) {
		if (o->list.n >= ORIGINS_MAX)
			return true;
		if (!add(p, buf_view(&b), e))
			return false;
		number = o->list.n;
	}
	*number_r = (uint32_t)number;
	return true;
}

struct origin origins_get(const struct people *p, uint32_t number)
{
	if (number == 0 || number > p->origins.list.n)
		return (struct origin){ 0 };
	return p->origins.list.items[number - 1];
}

/* One of few constants, found once: finding it takes as long as counting a touch. */
str origins_channel(const struct people *p, uint32_t number)
{
	return number && number <= p->origins.channels.n ? p->origins.channels.items[number - 1]
							 : S("");
}

bool origins_changes(struct people *p, struct writeback *wb, err *e)
{
	struct origins *o = &p->origins;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, MIB);
	for (; o->stored < o->list.n; o->stored++) {
		buf_clear(&b);
		encode(&b, &o->list.items[o->stored]);
		struct ledger_change c = { .table = LEDGER_ORIGINS, .key = o->stored + 1 };
		c.value = str_dup(wb->arena, buf_view(&b));
		if (!buf_ok(&b, e))
			return false;
		if (!c.value.p)
			return arena_err(wb->arena, e);
		if (!vec_push(&wb->changes, c))
			return err_nomem(e);
	}
	return true;
}

static bool load_row(void *arg, uint64_t number, str bytes)
{
	struct load_state *s = arg;
	if (number == s->p->origins.list.n + 1 && add(s->p, bytes, s->e))
		return true;
	s->failed = true;
	if (s->e && s->e->code == ERR_NONE)
		err_set(s->e, ERR_CORRUPT, "source %llu is out of turn",
			(unsigned long long)number);
	return false;
}

bool origins_reload(struct people *p, err *e)
{
	struct load_state s = { .p = p, .e = e };
	return ledger_scan(p->ledger, LEDGER_ORIGINS, p->origins.list.n + 1, load_row, &s, e) &&
	       !s.failed;
}

bool origins_open(struct people *p, const struct hooks_env *env, err *e)
{
	arena_init(&p->origins.texts, ORIGIN_TEXTS_BYTES_MAX);
	struct load_state s = { .p = p, .e = e };
	if (!env->empty &&
	    (!ledger_scan(p->ledger, LEDGER_ORIGINS, 0, load_row, &s, e) || s.failed))
		return false;
	p->origins.stored = p->origins.list.n;
	return true;
}

void origins_close(struct people *p)
{
	map_fini(&p->origins.numbers);
	vec_free(&p->origins.list);
	vec_free(&p->origins.channels);
	arena_fini(&p->origins.texts);
}
