/*
 * bench_client_int.h - servers that are measured, and the client that measures them.
 */
#ifndef TRICHTER_BENCH_CLIENT_INT_H
#define TRICHTER_BENCH_CLIENT_INT_H

#include "base/str.h"
#include "base/vec.h"

#include <sys/types.h>

/* ---- bench_client.c -------------------------------------------------------------------------- */

struct load {
	unsigned port; /* of this machine */
	size_t connections;
	uint64_t requests;
	double per_second; /* 0: the next one as soon as an answer came */
	/* The next request of that connection; stays as it is until its answer came. */
	str (*next)(void *arg, size_t connection);
	void *arg;
	const volatile bool *stop;
};
struct load_result {
	uint64_t answered, failed; /* failed: neither 200 nor 204 */
	int status_last;
	int64_t wall_us;
	VEC(int64_t) spans_us; /* sorted */
};
bool bench_load(const struct load *l, struct load_result *r, err *e) MUST_CHECK;
double load_span_ms(const struct load_result *r, unsigned of_thousand);

/* ---- bench_child.c --------------------------------------------------------------------------- */

struct child {
	pid_t pid; /* 0: none */
	unsigned port;
};
/* This program, serving a data directory on a free port. */
bool child_serve(const char *data, struct child *c, err *e) MUST_CHECK;
/* nginx, answering 204 to everything, with its files in `dir`. ERR_NOT_FOUND: it is not installed.
 */
bool child_nginx(const char *dir, struct child *c, err *e) MUST_CHECK;
void child_end(struct child *c);
/* CPU time of all its threads so far. */
bool child_cpu_us(const struct child *c, int64_t *us_r, err *e) MUST_CHECK;
/* Memory that it really uses: what is private and what is shared, without files that are mapped. */
bool child_memory(const struct child *c, uint64_t *bytes_r, err *e) MUST_CHECK;

#endif
