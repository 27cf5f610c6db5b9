/*
 * touch.c - small questions to one touch.
 *
 * What it is:   its properties, and the total order (time, tie, number) that decides between
 * touches of one instant without regard to the order in which they arrived.
 */
#include "archive/touch.h"

#include "io/zip.h"

value touch_prop(const struct touch *t, str key)
{
	for (size_t i = 0; i < t->props_n; i++) {
		if (str_eq(t->props[i].key, key))
			return t->props[i].value;
	}
	return value_none();
}

int touch_cmp(const struct touch *a, const struct touch *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

uint64_t tie_of_message_id(str id)
{
	uint64_t index = 0;
	if (id.n > 3 && id.p[id.n - 3] == ':' && id.p[id.n - 2] >= '0' && id.p[id.n - 2] <= '9' &&
	    id.p[id.n - 1] >= '0' && id.p[id.n - 1] <= '9') {
		index = (uint64_t)(id.p[id.n - 2] - '0') * 10 + (uint64_t)(id.p[id.n - 1] - '0');
		id.n -= 3;
	}
	return (zip_hash(id.p, id.n) & ~UINT64_C(0xFF)) | index;
}

static void str_copy(struct arena *a, str *s)
{
	*s = str_dup(a, *s);
}

bool touch_copy(struct arena *a, const struct touch *t, struct touch *r)
{
	*r = *t;
	str *texts[] = { &r->name,
			 &r->message_id,
			 &r->channel,
			 &r->rule,
			 &r->by,
			 &r->origin.source,
			 &r->origin.medium,
			 &r->origin.campaign,
			 &r->origin.content,
			 &r->origin.term,
			 &r->origin.referrer,
			 &r->origin.click_kind };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		str_copy(a, texts[i]);
	struct prop *props = ARENA_ARRAY(a, struct prop, t->props_n);
	for (size_t i = 0; props != NULL && i < t->props_n; i++) {
		props[i].key = str_dup(a, t->props[i].key);
		props[i].value = value_dup(a, t->props[i].value);
	}
	r->props = props;
	return !a->over && !a->nomem;
}
