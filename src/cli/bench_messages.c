/*
 * bench_messages.c - messages as Segment's libraries send them, made and read.
 *
 * What it is:   bodies of /v1/batch of about 300 bytes a message; one in 50 is the download that
 *               the benchmark's rule counts. Read with the program's JSON parser into touches as
 *               the collecting API reads them.
 * Threads:      shares nothing.
 */
#include "cli/bench_int.h"

#include "base/rand.h"
#include "base/time.h"

#include <string.h>

#define PROPS_MAX 16

static const char *const PATHS[] = { "/",
				     "/pricing",
				     "/blog/rest-periods",
				     "/guides/shift-patterns",
				     "/customers/hospital",
				     "/demo",
				     "/en/whitepaper/fair-shifts" };
static const char *const SOURCES[] = { "google", "linkedin", "newsletter", "bing" };
static const char *const MEDIUMS[] = { "cpc", "social", "email", "organic" };

void bench_uuid(char *p, uint64_t high, uint64_t low)
{
	static const char DIGITS[] = "0123456789abcdef";
	for (int i = 0, k = 0; i < BENCH_UUID_CHARS; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			p[i] = '-';
			continue;
		}
		uint64_t half = k < 16 ? high : low;
		p[i] = DIGITS[half >> (60 - 4 * (k % 16)) & 15];
		k++;
	}
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

void bench_person_id(char *p, uint64_t seed, uint64_t person)
{
	uint64_t high = mix(seed + person * UINT64_C(0x9E3779B97F4A7C15));
	bench_uuid(p, high, mix(high ^ person));
}

static void print_message(struct buf *b, struct rng *r, const struct bench *bench, int64_t now_us)
{
	char id[BENCH_UUID_CHARS], person[BENCH_UUID_CHARS], text[TIME_TEXT_MAX];
	uint64_t u = rng_u64(r);
	bool download = u % 50 == 0;
	const char *path = PATHS[(u >> 8) % ARRAY_LEN(PATHS)];
	size_t source = (u >> 16) % ARRAY_LEN(SOURCES);
	bench_uuid(id, rng_u64(r), rng_u64(r));
	bench_person_id(person, bench->seed, rng_below(r, bench->people));
	str at = time_print(text, (now_us - (int64_t)rng_below(r, 60 * US_PER_S)) / 1000 * 1000);
	buf_printf(b,
		   "{\"type\":\"track\",\"event\":\"%s\",\"messageId\":\"%.*s\","
		   "\"anonymousId\":\"%.*s\",\"timestamp\":\"%.*s\",\"context\":{",
		   download ? "whitepaper_downloaded" : "content_viewed", BENCH_UUID_CHARS, id,
		   BENCH_UUID_CHARS, person, STR_ARG(at));
	buf_printf(
		b,
		"\"page\":{\"path\":\"%s\"},\"campaign\":{\"source\":\"%s\",\"medium\":\"%s\"}},",
		path, SOURCES[source], MEDIUMS[source]);
	buf_printf(b, "\"properties\":{\"zone\":\"middle\",\"seconds\":%u,\"returning\":%s}}",
		   (unsigned)(u >> 32 & 255), u >> 40 & 1 ? "true" : "false");
}

void bench_batch_print(struct buf *b, struct rng *r, const struct bench *bench, size_t n,
		       int64_t now_us)
{
	buf_cstr(b, "{\"batch\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(b, ',');
		print_message(b, r, bench, now_us);
	}
	buf_cstr(b, "]}");
}

/* ---- reading --------------------------------------------------------------------------------- */

static value leaf_value(const struct json *j)
{
	switch (j->kind) {
	case JSON_BOOL:
		return value_bool(j->b);
	case JSON_INT:
		return value_int(j->i);
	case JSON_REAL:
		return value_real(j->real);
	case JSON_TEXT:
		return value_text(j->text);
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return value_none();
}

static void put(struct prop *props, size_t *n, str key, value v)
{
	if (*n < PROPS_MAX && v.kind != VALUE_NONE)
		props[(*n)++] = (struct prop){ key, v };
}

static const struct json *object_in(const struct json *in, str key)
{
	const struct json *o = in != NULL ? json_get(in, key) : NULL;
	return o != NULL && o->kind == JSON_OBJECT ? o : NULL;
}

static bool message_parse(const struct json *m, struct arena *a, struct intake *in, err *e)
{
	struct prop *props = arena_alloc(a, PROPS_MAX * sizeof *props);
	size_t n = 0;
	if (props == NULL)
		return arena_err(a, e);
	const struct json *context = object_in(m, S("context"));
	const struct json *page = object_in(context, S("page"));
	const struct json *campaign = object_in(context, S("campaign"));
	const struct json *properties = object_in(m, S("properties"));
	*in = (struct intake){ .name = json_text_of(m, S("event")),
			       .message_id = json_text_of(m, S("messageId")),
			       .anonymous_id = json_text_of(m, S("anonymousId")),
			       .user_id = json_text_of(m, S("userId")),
			       .props = props };
	if (!time_parse(json_text_of(m, S("timestamp")), &in->at_us, e))
		return false;
	if (campaign != NULL) {
		in->origin.source = json_text_of(campaign, S("source"));
		in->origin.medium = json_text_of(campaign, S("medium"));
		in->origin.campaign = json_text_of(campaign, S("name"));
	}
	if (page != NULL)
		put(props, &n, S("path"), value_text(json_text_of(page, S("path"))));
	for (const struct json *p = properties != NULL ? json_first(properties) : NULL; p != NULL;
	     p = json_after(properties, p))
		put(props, &n, p->key, leaf_value(p));
	in->props_n = n;
	return true;
}

bool bench_batch_parse(struct json_parser *p, str body, struct arena *a, struct intake **items_r,
		       size_t *n_r, err *e)
{
	const struct json *root;
	if (!json_parse(p, body, a, &root, e))
		return false;
	const struct json *batch = root->kind == JSON_OBJECT ? json_get(root, S("batch")) : NULL;
	if (batch == NULL || batch->kind != JSON_ARRAY || batch->n > BATCH_ITEMS_MAX)
		return err_set(e, ERR_INVALID, "the body has no \"batch\" of messages");
	struct intake *items = arena_alloc(a, batch->n * sizeof *items);
	size_t n = 0;
	if (items == NULL)
		return arena_err(a, e);
	for (const struct json *m = json_first(batch); m != NULL; m = json_after(batch, m)) {
		if (!message_parse(m, a, &items[n++], e))
			return false;
	}
	*items_r = items;
	*n_r = n;
	return true;
}
