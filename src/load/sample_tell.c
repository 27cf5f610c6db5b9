/*
 * sample_tell.c - touches on their way into the chunk.
 *
 * What it is:   tell() makes a touch, tell_prop() adds to it, life_end() puts a life's touches in
 *               order of time and numbers them, teller_flush() hands the chunk over.
 * Promises:     two touches of a life are at least a millisecond apart; message ids of one seed are
 *               all different (a bijection of person and place). No allocation per touch.
 */
#include "load/sample_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXTS_BYTES_MAX (64 * MIB)
#define APART_US	1000
#define PLACE_BITS	20

static const str STAGES[SAMPLE_STAGES_N] = { S("lead"), S("mql"),	  S("sal"),
					     S("sql"),	S("opportunity"), S("customer") };

str stage_name(enum sample_stage stage)
{
	return STAGES[stage];
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* The finaliser of splitmix64: a bijection. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

str tell_id(struct teller *t, uint64_t salt, uint64_t number)
{
	char *p = arena_alloc(&t->texts, 16);
	if (!p)
		return S("");
	uint64_t v = mix(number ^ mix(t->seed + salt));
	for (int i = 15; i >= 0; i--, v >>= 4)
		p[i] = "0123456789abcdef"[v & 15];
	return str_make(p, 16);
}

str life_device(struct life *l, uint64_t number, size_t nth)
{
	return tell_id(l->t, 2, number << 2 | nth);
}

str life_text(struct life *l, const char *fmt, ...)
{
	char room[512];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(room, sizeof room, fmt, args);
	va_end(args);
	size_t bytes = n < 0 ? 0 : MIN((size_t)n, sizeof room - 1);
	return str_dup(&l->t->texts, str_make(room, bytes));
}

/* ---- touches --------------------------------------------------------------------------------- */

struct intake *tell(struct life *l, str name, int64_t at_us)
{
	struct teller *t = l->t;
	struct intake *in = &t->spare;
	bool fits = at_us < t->result.end_us && at_us >= t->result.from_us &&
		    t->n - l->begin < LIFE_TOUCHES_MAX;
	const struct prop *props = t->props + SAMPLE_CHUNK_TOUCHES_MAX * SAMPLE_PROPS_MAX;
	if (fits) {
		in = &t->items[t->n++];
		props = t->props + t->props_n;
	}
	*in = (struct intake){ .name = name, .at_us = at_us, .props = props };
	return in;
}

void tell_prop(struct life *l, struct intake *in, str key, value v)
{
	struct teller *t = l->t;
	if (v.kind == VALUE_NONE)
		return;
	CHECK(in->props_n < SAMPLE_PROPS_MAX);
	t->props[(size_t)(in->props - t->props) + in->props_n++] = (struct prop){ key, v };
	t->props_n += in != &t->spare;
}

void tell_text(struct life *l, struct intake *in, str key, str text)
{
	if (text.n)
		tell_prop(l, in, key, value_text(text));
}

struct intake *tell_known(struct life *l, str name, int64_t at_us)
{
	struct intake *in = tell(l, name, at_us);
	in->email = l->person.email;
	return in;
}

struct intake *tell_deal(struct life *l, str name, int64_t at_us)
{
	struct intake *in = tell_known(l, name, at_us);
	in->deal_id = (struct external_id){ S(""), l->deal };
	if (!l->no_company)
		in->company_domain = l->company.domain;
	return in;
}

void tell_stage(struct life *l, enum sample_stage stage, str from, str reason, int64_t at_us)
{
	struct intake *in = tell_known(l, S("stage_entered"), at_us);
	tell_text(l, in, S("stage"), STAGES[stage]);
	tell_text(l, in, S("from"), from);
	tell_text(l, in, S("reason"), reason);
	if (stage == SAMPLE_CUSTOMER)
		in->company_domain = l->company.domain;
	if (in != &l->t->spare)
		l->stages |= 1u << stage;
}

/* ---- lives ----------------------------------------------------------------------------------- */

void life_begin(struct life *l, struct teller *t, uint64_t number)
{
	*l = (struct life){ .t = t, .number = number, .begin = t->n };
	rng_init(&l->rng, mix(number + 1) ^ t->seed);
}

/* Nearly in order already; most lives are short. */
static void sort_by_time(struct intake *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		size_t k = i;
		while (k > 0 && items[k - 1].at_us > items[i].at_us)
			k--;
		if (k == i)
			continue;
		struct intake in = items[i];
		memmove(&items[k + 1], &items[k], (i - k) * sizeof *items);
		items[k] = in;
	}
}

void life_end(struct life *l)
{
	struct teller *t = l->t;
	struct intake *items = t->items + l->begin;
	size_t n = t->n - l->begin, kept = 0;
	sort_by_time(items, n);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && items[i].at_us < items[i - 1].at_us + APART_US)
			items[i].at_us = items[i - 1].at_us + APART_US;
		if (items[i].at_us >= t->result.end_us)
			break;
		items[i].message_id = tell_id(t, 1, (l->number << PLACE_BITS) + l->serial++);
		kept++;
	}
	t->n = l->begin + kept;
	for (unsigned i = 0; i < SAMPLE_STAGES_N; i++)
		t->result.entered[i] += l->stages >> i & 1;
}

/* ---- the chunk ------------------------------------------------------------------------------- */

bool teller_init(struct teller *t, const struct sample_options *o, sample_sink sink, void *arg,
		 err *e)
{
	*t = (struct teller){ .o = o, .sink = sink, .arg = arg };
	uint64_t days = o->days ? o->days : SAMPLE_DAYS_DEFAULT;
	t->people = o->people ? o->people : SAMPLE_PEOPLE_DEFAULT;
	t->seed = mix(o->seed + UINT64_C(0x9E3779B97F4A7C15));
	arena_init(&t->texts, TEXTS_BYTES_MAX);
	if (t->people > SAMPLE_PEOPLE_MAX)
		return err_set(e, ERR_INVALID, "at most %llu people can be made up",
			       (unsigned long long)SAMPLE_PEOPLE_MAX);
	if (days > SAMPLE_DAYS_MAX)
		return err_set(e, ERR_INVALID, "at most %d days can be made up", SAMPLE_DAYS_MAX);
	int64_t end_us = o->end_us ? o->end_us : time_floor(time_now_us(), TIME_DAY);
	if (end_us > TIME_MAX_US || end_us < TIME_MIN_US + (SAMPLE_DAYS_MAX + 1) * US_PER_DAY)
		return err_set(e, ERR_INVALID, "the end lies outside the years 11 to 9999");
	t->result.end_us = end_us;
	t->result.from_us = end_us - (int64_t)days * US_PER_DAY;
	/* Some companies send several people. */
	t->companies_n = MAX(t->people / 24, UINT64_C(25));
	t->companies = mem_zalloc((size_t)t->companies_n, sizeof *t->companies);
	t->items = mem_zalloc(SAMPLE_CHUNK_TOUCHES_MAX, sizeof *t->items);
	t->props = mem_zalloc((SAMPLE_CHUNK_TOUCHES_MAX + 1) * SAMPLE_PROPS_MAX, sizeof *t->props);
	if (!t->companies || !t->items || !t->props)
		return err_nomem(e);
	return calendar_init(&t->calendar, t->result.from_us, end_us, e);
}

void teller_fini(struct teller *t)
{
	calendar_fini(&t->calendar);
	mem_free(t->companies);
	mem_free(t->items);
	mem_free(t->props);
	arena_fini(&t->texts);
}

bool teller_flush(struct teller *t, bool all, err *e)
{
	if (t->texts.over)
		return arena_err(&t->texts, e);
	if (t->n == 0 || (!all && t->n + LIFE_TOUCHES_MAX <= SAMPLE_CHUNK_TOUCHES_MAX))
		return true;
	if (!t->sink(t->arg, t->items, t->n, e))
		return false;
	t->result.touches += t->n;
	t->n = t->props_n = 0;
	arena_reset(&t->texts);
	return true;
}
