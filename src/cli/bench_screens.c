/*
 * bench_screens.c - trichter bench screens: how long a list, a page or a journey takes.
 *
 * What it is:   the sample company with very many people is put into a data directory and served by
 *               a process of its own; each kind of request is sent one after another over loopback,
 *               as a screen would, and its span is the server's answer from the first byte asked to
 *               the last one given.
 * Promises:     what is measured first is the first answer after a start.
 * Threads:      one at a time.
 */
#include "cli/bench_client_int.h"
#include "cli/bench_int.h"

#include "base/rand.h"
#include "base/time.h"
#include "load/sample.h"
#include "people/people.h"
#include "server/auth.h"

#include <stdio.h>
#include <unistd.h>

#define SPANS	     200
#define PEOPLE_ASKED 500
#define READY_US_MAX (120 * US_PER_S)
#define LOOK_US	     100000
#define BAR_MS	     100

struct screens {
	struct bench *b;
	struct child server;
	struct rng rng;
	char token[TOKEN_TEXT_MAX];
	uint64_t people[PEOPLE_ASKED];
	const char *path; /* with %llu for a person's number */
	char request[1024];
};

struct page {
	const char *key50, *key99, *name, *path;
};
#define PAGE(key, name, path)                                                                      \
	{                                                                                          \
		key "_p50_ms", key "_p99_ms", name, path                                           \
	}
/* What screens ask for, as they ask for it. */
static const struct page pages[] = {
	PAGE("people", "people, latest first", "/api/v1/people?sort=-last_at&limit=50&count=1"),
	PAGE("filter", "people, filtered and sorted",
	     "/api/v1/people?where=stage%20is%20known%20and%20country%20in%20(DE,%20AT)&sort=name"
	     "&limit=50&count=1"),
	PAGE("name", "people, all by name", "/api/v1/people?sort=name&limit=50&count=1"),
	PAGE("recent", "people, seen in 30 days",
	     "/api/v1/people?where=last_seen%20last%2030d&sort=-touches&limit=50&count=1"),
	PAGE("did", "people, by what they did",
	     "/api/v1/people?where=did(page_viewed)%20%3E%3D%2020&sort=-last_at&limit=50&count=1"),
	PAGE("facets", "people, three facets",
	     "/api/v1/people/facets?fields=stage,first_channel,country&where=touches%20%3E%202"),
	PAGE("search", "quick search", "/api/v1/search?q=anna%20m"),
	PAGE("person", "a person's page", "/api/v1/people/%llu"),
	PAGE("journey", "a person's journey", "/api/v1/people/%llu/journey"),
	PAGE("companies", "companies, filtered and sorted",
	     "/api/v1/companies?where=employees%20%3E%2050&sort=name&limit=50&count=1"),
	PAGE("deals", "deals, open, by amount",
	     "/api/v1/deals?where=status%20%3D%20open&sort=-amount&limit=50&count=1"),
};

static bool key_make(struct screens *x, const char *data, err *e)
{
	struct journal *j = NULL;
	struct auth *auth = NULL;
	struct key key = { .name = "bench", .secret = true };
	uint64_t id;
	if (!scope_find(S("read"), &key.may, e) || !journal_open(data, NULL, &j, e))
		return false;
	bool ok = auth_open(j, &(struct auth_options){ 0 }, &auth, e) &&
		  auth_key_add(auth, &key, S("bench"), &id, x->token, e);
	auth_close(&auth);
	journal_close(&j);
	return ok;
}

/* People to be asked about, at random. */
static bool people_choose(struct screens *x, const char *data, err *e)
{
	struct snapshot *s = NULL;
	if (!snapshot_open(data, 0, &s, e))
		return false;
	struct people *p = snapshot_people(s);
	uint64_t all = people_profiles(p);
	for (size_t i = 0; i < PEOPLE_ASKED && all > 0; i++) {
		uint64_t person = 0;
		while (person == 0) {
			person = people_subject_of(p, 1 + rng_below(&x->rng, all));
			if (people_entity_of(p, person) != ENTITY_PERSON)
				person = 0;
		}
		x->people[i] = person;
	}
	snapshot_close(&s);
	return true;
}

static str request_next(void *arg, size_t connection)
{
	struct screens *x = arg;
	char path[512];
	(void)connection;
	str rest = str_of(x->path), head;
	(void)str_next(&rest, '%', &head);
	bool person = str_starts(rest, S("llu"));
	if (person)
		snprintf(path, sizeof path, "%.*s%llu%.*s", STR_ARG(head),
			 (unsigned long long)x->people[rng_below(&x->rng, PEOPLE_ASKED)],
			 STR_ARG(str_sub(rest, 3, rest.n)));
	else
		snprintf(path, sizeof path, "%s", x->path);
	int n = snprintf(x->request, sizeof x->request,
			 "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n",
			 path, x->token);
	return str_make(x->request, (size_t)MIN(MAX(n, 0), (int)sizeof x->request - 1));
}

static bool ask(struct screens *x, const char *path, uint64_t requests, struct load_result *r,
		err *e)
{
	const struct load l = { .port = x->server.port,
				.connections = 1,
				.requests = requests,
				.next = request_next,
				.arg = x,
				.stop = x->b->stop };
	x->path = path;
	*r = (struct load_result){ 0 };
	return bench_load(&l, r, e);
}

static bool add(struct screens *x, const char *key, const char *name, const char *unit,
		double measured, int digits, double most, err *e)
{
	const struct figure f = { key,	    name,   unit,
				  measured, digits, most > 0 ? BAR_AT_MOST : BAR_NONE,
				  most };
	return bench_add(x->b, f, e);
}

/* Until the columns of every page are made: a request that comes too early is answered 503. */
static bool wait_ready(struct screens *x, int64_t start_us, err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(pages);) {
		struct load_result r;
		if (bench_is_over(x->b, e) || !ask(x, pages[i].path, 1, &r, e))
			return false;
		vec_free(&r.spans_us);
		if (r.failed == 0)
			i++;
		else if (time_monotonic_us() - start_us > READY_US_MAX)
			return err_set(e, ERR_TIMEOUT, "%s: answered %d for two minutes",
				       pages[i].path, r.status_last);
		else
			usleep(LOOK_US);
	}
	return true;
}

static bool run_start(struct screens *x, const char *data, err *e)
{
	struct load_result r;
	int64_t start_us = time_monotonic_us();
	bench_say("starting");
	if (!child_serve(data, &x->server, e) || !ask(x, pages[0].path, 1, &r, e))
		return false;
	vec_free(&r.spans_us);
	double first_s = (double)(time_monotonic_us() - start_us) / (double)US_PER_S;
	if (!wait_ready(x, start_us, e))
		return false;
	double ready_s = (double)(time_monotonic_us() - start_us) / (double)US_PER_S;
	return add(x, "first_seconds", "from start to the first list", "s", first_s, 2, 0, e) &&
	       add(x, "ready_seconds", "  until every page is quick", "s", ready_s, 2, 0, e);
}

static bool run_page(struct screens *x, const struct page *page, err *e)
{
	struct load_result r;
	bench_say(page->name);
	bool ok = ask(x, page->path, SPANS, &r, e);
	if (ok && r.failed > 0)
		ok = err_set(e, ERR_IO, "%s: %llu of %d requests were refused, the last with %d",
			     page->path, (unsigned long long)r.failed, SPANS, r.status_last);
	ok = ok && add(x, page->key50, page->name, "ms", load_span_ms(&r, 500), 1, BAR_MS, e) &&
	     add(x, page->key99, "  99 % within", "ms", load_span_ms(&r, 990), 1, BAR_MS, e);
	vec_free(&r.spans_us);
	return ok;
}

static bool run_all(struct screens *x, const char *data, err *e)
{
	struct sample_options o = { .seed = x->b->seed,
				    .people = x->b->people,
				    .stop = x->b->stop };
	struct sample_result made = { 0 };
	struct journal *j = NULL;
	uint64_t bytes;
	bench_say("making people and touches");
	if (!journal_init(data, e) || !journal_open(data, NULL, &j, e))
		return false;
	bool ok = sample_make(j, &o, &made, e);
	journal_close(&j);
	ok = ok && key_make(x, data, e) && people_choose(x, data, e) && run_start(x, data, e);
	for (size_t i = 0; ok && i < ARRAY_LEN(pages); i++)
		ok = run_page(x, &pages[i], e);
	return ok && child_memory(&x->server, &bytes, e) &&
	       add(x, "memory_mib", "memory of the server", "MiB", (double)bytes / (double)MIB, 0,
		   0, e) &&
	       add(x, "people", "people", "", (double)made.people, 0, 0, e) &&
	       add(x, "touches", "touches", "", (double)made.touches, 0, 0, e);
}

bool bench_screens(struct bench *b, err *e)
{
	struct screens x = { .b = b };
	char *data = str_cstr(&b->c->arena, str_printf(&b->c->arena, "%s/data", b->dir));
	if (data == NULL)
		return arena_err(&b->c->arena, e);
	b->how = S("The sample company with so many people is served by a process of its own; each "
		   "kind of request is sent 200 times over loopback, one after another, people at "
		   "random. A span is the whole answer. The bar is 100 ms.");
	rng_init(&x.rng, b->seed + 11);
	bool ok = run_all(&x, data, e);
	child_end(&x.server);
	return ok;
}
