/*
 * bench_messages.c - messages as Segment's libraries send them, made and read.
 *
 * What it is:   bodies of /v1/batch of about 300 bytes a message; one in 50 is the download that
 *               the benchmark's rule counts. Read into touches as the collecting API reads them.
 * Threads:      shares nothing.
 */
#include "cli/bench_int.h"

#include "base/rand.h"
#include "base/time.h"
#include "load/message.h"

#include <string.h>

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

void bench_message_print(struct buf *b, struct rng *r, const struct bench *bench, int64_t now_us)
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
		bench_message_print(b, r, bench, now_us);
	}
	buf_cstr(b, "]}");
}

/* ---- reading --------------------------------------------------------------------------------- */

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
	struct message_reader r = {
		.arena = a,
		.keeps_json = true,
		.is_public = true,
		.received_us = time_now_us(),
		.body = root,
		.props = arena_alloc(a, TOUCH_PROPS_MAX * sizeof *r.props),
	};
	size_t n = 0;
	if (items == NULL || r.props == NULL)
		return arena_err(a, e);
	for (const struct json *m = json_first(batch); m != NULL; m = json_after(batch, m)) {
		bool ok;
		if (!message_read(&r, m, &items[n], &ok, e))
			return false;
		if (!ok)
			return err_set(e, ERR_INVALID, "%s", r.problem);
		n++;
	}
	*items_r = items;
	*n_r = n;
	return true;
}
